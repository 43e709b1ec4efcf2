import Foundation
import Model
import Toolkit

/// A Dockerfile in the words that buildah 1.28 knows, which is what Debian 12 has.
///
/// What newer syntax means is said in older one, or refused with its line; docs/dockerfile.md has the table.
struct DockerfileRewrite {
    let file: Dockerfile
    let manifest: SourceManifest
    let arguments: [String: String]
    /// Images by the names of the Dockerfile, and the local ones that stand in for them.
    let bases: [String: String]

    /// Build arguments that every stage is given, beside those that it asks for.
    let variables: [String]

    /// The files that the new text takes from the build context ``context``, by their paths.
    private(set) var files: [String: Content] = [:]
    /// What a person should know about what was changed.
    private(set) var notes: [String] = []
    private let lines: [Substring]
    private let escape: Character

    struct Content: Equatable {
        var text: String
        var isProgram = false
    }

    /// The name of the build context with files of ours.
    static let context = "roost-build"
    /// Where such files are while a `RUN` line runs.
    private static let place = "/run/roost"

    init(
        _ text: String,
        path: String,
        manifest: SourceManifest,
        arguments: [String: String],
        bases: [String: String] = [:],
        variables: [String] = []
    ) {
        file = Dockerfile.parse(text, path: path)
        self.manifest = manifest
        self.arguments = arguments
        self.bases = bases
        self.variables = variables
        lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            Substring($0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0)
        }
        escape = file.directives["escape"] == "`" ? "`" : "\\"
    }

    /// The new text.
    ///
    /// - Throws: ``Fault`` `buildFailed` naming the line of what can't be built here.
    mutating func text() throws(Fault) -> String {
        var replaced: [Int: (last: Int, text: String)] = [:]
        var states: [StageState] = []
        let given = variables.map { "\nARG \($0)" }.joined()
        for (index, stage) in file.stages.enumerated() {
            let base = file.base(of: stage, arguments: arguments)
            var state = file.stage(named: base, before: index).map { states[$0] } ?? StageState()
            state.begin(file.globalArguments, arguments)
            let old = lines[stage.from.line - 1..<stage.from.endLine].joined(separator: "\n")
            replaced[stage.from.line] = (stage.from.endLine, (from(stage, base, index) ?? old) + given)
            for item in stage.instructions {
                if let new = try changed(item, state, stage: index) { replaced[item.line] = (item.endLine, new) }
                state.take(item)
            }
            states.append(state)
        }
        var result: [String] = []
        var number = 1
        while number <= lines.count {
            if let (last, new) = replaced[number] {
                result.append(new)
                number = last + 1
            } else {
                result.append(String(lines[number - 1]))
                number += 1
            }
        }
        return result.joined(separator: "\n")
    }

    // MARK: - Parts

    private func from(_ stage: Dockerfile.Stage, _ base: String, _ index: Int) -> String? {
        guard file.stage(named: base, before: index) == nil, let local = bases[base] else { return nil }
        return "FROM \(local)" + (stage.name.map { " AS \($0)" } ?? "")
    }

    /// The new text of an instruction; nil when it stays as it is.
    private mutating func changed(
        _ item: Dockerfile.Instruction,
        _ state: StageState,
        stage: Int
    ) throws(Fault) -> String? {
        switch item.word {
        case "HEALTHCHECK":
            guard item.flags.contains(where: { $0.name == "start-interval" }) else { return nil }
            let flags = item.flags.filter { $0.name != "start-interval" }
            return ["HEALTHCHECK", Self.text(of: flags), body(of: item)].filter { !$0.isEmpty }.joined(separator: " ")
        case "RUN": return try run(item, state, stage: stage)
        case "COPY", "ADD": return try copy(item, state)
        case "ONBUILD":
            guard !item.heredocs.isEmpty else { return nil }
            throw refusal(item, "ONBUILD with a here-document", "write the commands in one line, joined by &&")
        default: return nil
        }
    }

    private mutating func run(
        _ item: Dockerfile.Instruction,
        _ state: StageState,
        stage: Int
    ) throws(Fault) -> String? {
        var flags: [(name: String, value: String)] = []
        var inputs: [String] = []
        var exports = ""
        for flag in item.flags {
            switch (flag.name, flag.value) {
            case ("mount", let value):
                let mount = try mount(value, item, state, stage: stage)
                flags.append(("mount", mount.text))
                inputs += mount.inputs
                exports += mount.export
            case ("network", "default"), ("network", "host"), ("security", "sandbox"): break
            case ("network", "none"):
                notes.append("\(file.path):\(item.line): RUN --network=none runs with the network of all builds")
            case ("network", _), ("security", _), ("device", _):
                throw refusal(item, "RUN --\(flag.name)=\(flag.value)", "leave the flag out")
            default: flags.append(flag)
            }
        }
        var command = body(of: item)
        if !item.heredocs.isEmpty {
            let name = try script(of: item, state)
            let path = "\(Self.place)/\(name)"
            flags.append(("mount", "type=bind,from=\(Self.context),source=\(name),target=\(path)"))
            command = files[name]?.isProgram == true ? path : ". \(path)"
        }
        if !exports.isEmpty {
            guard item.exec == nil else {
                throw refusal(item, "a secret as a variable in the exec form", "write the command without brackets")
            }
            command = exports + command
        }
        let isSame = flags.elementsEqual(item.flags) { $0 == $1 } && item.heredocs.isEmpty
        guard !isSame || !inputs.isEmpty || !exports.isEmpty else { return nil }
        // Its cache does not look into what is mounted: a build argument does instead.
        let seen =
            inputs.isEmpty ? "" : "ARG ROOST_INPUTS=\(Hex.digest(of: inputs.joined(separator: "\n")).prefix(32))\n"
        return seen + ["RUN", Self.text(of: flags), command].filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// Puts the commands of a here-document into a file.
    private mutating func script(of item: Dockerfile.Instruction, _ state: StageState) throws(Fault) -> String {
        guard state.hasPlainShell else {
            throw refusal(item, "a here-document for a SHELL that is no POSIX shell", "write the program into a file")
        }
        let words = ImageWords.raw(item.text, escape: escape)
        let isScript = words.count == 1 && words[0].hasPrefix("<<")
        var text = ""
        if isScript {
            text = (item.heredocs.first ?? "") + "\n"
        } else {
            // The shell reads it as it stands.
            text = item.text + "\n"
            for (mark, body) in zip(words.compactMap { HeredocMark($0) }, item.heredocs) {
                text += body + (body.isEmpty ? "" : "\n") + mark.name + "\n"
            }
        }
        let name = "run-\(Hex.digest(of: text).prefix(32))"
        files[name] = Content(text: text, isProgram: isScript && text.hasPrefix("#!"))
        return name
    }

    // MARK: - Text

    /// The instruction after its word and its flags, as it was written.
    private func body(of item: Dockerfile.Instruction) -> String {
        let raw = lines[(item.line - 1)..<min(item.endLine, lines.count)].joined(separator: "\n")
        var rest = raw[...]
        skipBlanks(&rest)
        rest = rest.drop { !$0.isWhitespace }
        skipBlanks(&rest)
        for _ in item.flags {
            guard rest.hasPrefix("--"), let word = ImageWords.raw(rest.prefix { !$0.isNewline }).first else { break }
            rest.removeFirst(word.count)
            if word.last == escape { rest = raw[raw.index(before: rest.startIndex)...] }
            skipBlanks(&rest)
        }
        return String(rest)
    }

    /// Blanks, continued lines, and comments between them.
    private func skipBlanks(_ rest: inout Substring) {
        var isLineStart = false
        while let first = rest.first {
            if first.isNewline {
                isLineStart = true
                rest.removeFirst()
            } else if first.isWhitespace {
                rest.removeFirst()
            } else if isLineStart, first == "#" {
                rest = rest.drop { !$0.isNewline }
            } else if first == escape, rest.dropFirst().first(where: { $0 != " " && $0 != "\t" })?.isNewline == true {
                rest.removeFirst()
            } else {
                return
            }
        }
    }

    static func text(of flags: [(name: String, value: String)]) -> String {
        flags.map { name, value in
            if value.isEmpty { return "--\(name)" }
            let isPlain = !value.contains { $0.isWhitespace || $0 == "\"" || $0 == "'" }
            let quoted = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            return isPlain ? "--\(name)=\(value)" : "--\(name)=\"\(quoted)\""
        }.joined(separator: " ")
    }

    func refusal(_ item: Dockerfile.Instruction, _ what: String, _ advice: String) -> Fault {
        Fault(.buildFailed, "\(file.path):\(item.line): \(what) can't be built on this host", hint: advice)
    }

    mutating func note(_ text: String) { notes.append(text) }

    mutating func add(_ path: String, _ content: String) { files[path] = Content(text: content) }

    var escapeCharacter: Character { escape }
}
