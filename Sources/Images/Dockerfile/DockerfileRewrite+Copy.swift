import Foundation
import Model
import Toolkit

extension DockerfileRewrite {
    /// A `COPY` or `ADD` in older words; nil when it stays as it is.
    mutating func copy(_ item: Dockerfile.Instruction, _ state: StageState) throws(Fault) -> String? {
        if item.flags.contains(where: { $0.name == "exclude" }) {
            throw refusal(
                item,
                "\(item.word) --exclude",
                "name what is to stay out in .dockerignore, or copy the parts one by one"
            )
        }
        let stage = file.stages.lastIndex { $0.line < item.line } ?? 0
        var flags: [(name: String, value: String)] = []
        for flag in item.flags where !["link", "checksum", "parents", "keep-git-dir"].contains(flag.name) {
            let isImage = flag.name == "from"
            flags.append((flag.name, isImage ? local(flag.value, stage: stage) ?? flag.value : flag.value))
        }
        let words =
            item.exec.map { $0.map(Self.quoted) } ?? ImageWords.raw(item.text, escape: escapeCharacter).map(String.init)
        guard let target = words.last, words.count > 1 || !item.heredocs.isEmpty else { return nil }
        let sources = Array(words.dropLast())
        if !item.heredocs.isEmpty { return try documents(item, state, flags, sources, target) }
        if item.flags.contains(where: { $0.name == "parents" && $0.value != "false" }) {
            return try parents(item, state, flags, sources, target)
        }
        if let sum = item.flags.first(where: { $0.name == "checksum" })?.value {
            return try checked(item, state, flags, sources, target, state.fill(sum))
        }
        guard !flags.elementsEqual(item.flags, by: { $0 == $1 }) else { return nil }
        return Self.line(item.word, flags, words)
    }

    // MARK: - Private

    private static func line(_ word: String, _ flags: [(name: String, value: String)], _ words: [String]) -> String {
        ([word, text(of: flags)] + words).filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        let isPlain = !word.isEmpty && !word.contains { $0.isWhitespace || "\"'\\".contains($0) }
        return isPlain ? word : "\"\(word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }

    /// The largest here-document with variables in it, in bytes.
    private static let largest = 60 << 10

    private mutating func documents(
        _ item: Dockerfile.Instruction,
        _ state: StageState,
        _ flags: [(name: String, value: String)],
        _ sources: [String],
        _ target: String
    ) throws(Fault) -> String {
        var lines: [String] = []
        let plain = sources.filter { HeredocMark($0) == nil }
        if !plain.isEmpty { lines.append(Self.line(item.word, flags, plain + [target])) }
        for (mark, body) in zip(sources.compactMap { HeredocMark($0) }, item.heredocs) {
            guard !mark.name.contains("/"), mark.name != ".", mark.name != ".." else {
                throw refusal(item, "a here-document named \(ConfigNode.quoted(mark.name))", "name it by one word")
            }
            var text = body.isEmpty ? "" : body + "\n"
            if !mark.isLiteral {
                guard text.utf8.count < Self.largest else {
                    throw refusal(item, "a here-document of more than 60 KiB", "put it into a file, or quote its mark")
                }
                text = state.fill(text, unknown: "")
            }
            let path = "copy-\(Hex.digest(of: text).prefix(32))/\(mark.name)"
            add(path, text)
            lines.append(Self.line("COPY", [("from", Self.context)] + flags, [Self.quoted(path), target]))
        }
        return lines.joined(separator: "\n")
    }

    /// Each source by itself, its folders written out.
    private func parents(
        _ item: Dockerfile.Instruction,
        _ state: StageState,
        _ flags: [(name: String, value: String)],
        _ sources: [String],
        _ target: String
    ) throws(Fault) -> String {
        let isOfProject = !flags.contains { $0.name == "from" }
        let folder = state.fill(ImageWords.plain(target, escape: escapeCharacter))
        var lines: [String] = []
        for source in sources {
            let path = state.fill(ImageWords.plain(source, escape: escapeCharacter))
            // What stands before `/./` is not part of the path in the image.
            let pivot = path.firstRange(of: "/./")
            let base = pivot.map { String(path[..<$0.lowerBound]) + "/" } ?? ""
            let rest = pivot.map { String(path[$0.upperBound...]) } ?? path
            var found = [rest]
            if rest.contains(where: { "*?[".contains($0) }) {
                guard isOfProject, base.isEmpty,
                    let pattern = IgnorePattern(rest.split(separator: "/").joined(separator: "/"))
                else { throw refusal(item, "COPY --parents of a pattern", "name the files") }
                found = manifest.files.map(\.path).filter { pattern.matches(Array($0.unicodeScalars)) }
            }
            guard !found.isEmpty, found.count <= 1000 else {
                throw refusal(item, "COPY --parents of \(ConfigNode.quoted(rest))", "name files that are there")
            }
            for name in found {
                let inside = name.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
                let place = (folder.hasSuffix("/") ? folder : folder + "/") + inside
                lines.append(Self.line(item.word, flags, [Self.quoted(base + name), Self.quoted(place)]))
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The download as it is, and a step that compares it.
    private func checked(
        _ item: Dockerfile.Instruction,
        _ state: StageState,
        _ flags: [(name: String, value: String)],
        _ sources: [String],
        _ target: String,
        _ sum: String
    ) throws(Fault) -> String {
        guard let digits = Hex.digits(of: sum), sources.count == 1 else {
            throw refusal(item, "ADD --checksum=\(sum)", "give one address and sha256: with 64 hex digits")
        }
        let address = state.fill(ImageWords.plain(sources[0], escape: escapeCharacter))
        let folder = state.fill(ImageWords.plain(target, escape: escapeCharacter))
        let name = address.prefix { $0 != "?" && $0 != "#" }.split(separator: "/").last.map(String.init) ?? ""
        let place = state.absolute(folder.hasSuffix("/") || folder == "." ? "\(folder)/\(name)" : folder)
        let path = place.replacing("'", with: "'\\''")
        // Only root may read what was fetched.
        let back = state.user.map { "\nUSER \($0)" } ?? ""
        return Self.line("ADD", flags, [sources[0], target]) + (back.isEmpty ? "" : "\nUSER 0")
            + "\nRUN echo '\(digits)  \(path)' | sha256sum -c -" + back
    }
}
