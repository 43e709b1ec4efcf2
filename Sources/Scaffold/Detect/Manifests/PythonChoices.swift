import Model
import Toolkit

/// A version of Python that a file names.
struct PythonChoice: Sendable {
    /// `3.11` or `3.11.7`.
    var version: String
    var place: Place
    /// What was found there, in a few words.
    var what: String
    /// It tells which versions the code is written for, not which one runs it.
    var isHint = false

    /// 11 of `3.11.7`; nil when it is no Python 3.
    var minor: Int? {
        let parts = version.split(separator: ".")
        return parts.first == "3" ? parts.dropFirst().first.flatMap { Int($0) } : nil
    }

    /// 7 of `3.11.7`.
    var patch: Int? { version.split(separator: ".").dropFirst(2).first.flatMap { Int($0) } }

    /// `3.11.7` at the start of text, behind `python-`, `cpython@` and the like; nil when there is none.
    static func version(in text: some StringProtocol) -> String? {
        let word = Substring(text).drop { !$0.isNumber }.prefix { $0.isNumber || $0 == "." }
        let parts = word.split(separator: ".").prefix(3)
        guard parts.count > 1, parts[0] == "3", parts.dropFirst().allSatisfy({ $0.count < 3 }) else { return nil }
        return parts.joined(separator: ".")
    }
}

/// All files that name a version of Python, in the order of what they decide.
struct PythonChoices {
    let context: ScanContext
    /// The compiled requirements' header, when there is one.
    let compiled: (version: String, path: String)?

    var all: [PythonChoice] {
        pyenv + toolVersions + runtime + mise + platform + dockerfile + hints + header + others
    }

    // MARK: - Private

    private func paths(_ name: String) -> [String] {
        TreePath.ancestors(of: context.root).map { TreePath.joined($0, name) }.filter { context.project.has($0) }
    }

    /// The lines of the nearest file of a name that say something.
    private func lines(_ name: String) -> [(place: Place, text: Substring)] {
        for path in paths(name) {
            let lines = (context.project.text(path) ?? "").split(
                omittingEmptySubsequences: false,
                whereSeparator: \.isNewline
            )
            let told = lines.enumerated().map { (Place(path, $0.offset + 1), $0.element.blanksTrimmed) }
                .filter { !$0.1.isEmpty && $0.1.first != "#" }
            if !told.isEmpty { return told.map { (place: $0.0, text: $0.1) } }
        }
        return []
    }

    private var pyenv: [PythonChoice] {
        // A name of pyenv's virtual environments may stand there as well: `shop-3.11`.
        for (place, text) in lines(".python-version") {
            let plain = ["cpython-", "cpython@", "python-", "python"].first { text.hasPrefix($0) }.map {
                text.dropFirst($0.count)
            }
            guard let start = (plain ?? text).first, start.isNumber, let version = PythonChoice.version(in: text) else {
                continue
            }
            return [PythonChoice(version: version, place: place, what: text.withoutControls)]
        }
        return []
    }

    private var toolVersions: [PythonChoice] {
        for (place, text) in lines(".tool-versions") {
            let words = text.split(whereSeparator: \.isWhitespace)
            guard words.first == "python", words.count > 1, let version = PythonChoice.version(in: words[1]) else {
                continue
            }
            return [PythonChoice(version: version, place: place, what: "python \(version)")]
        }
        return []
    }

    private var runtime: [PythonChoice] {
        guard let (place, text) = lines("runtime.txt").first, text.hasPrefix("python"),
            let version = PythonChoice.version(in: text)
        else { return [] }
        return [PythonChoice(version: version, place: place, what: "python-\(version)")]
    }

    private var mise: [PythonChoice] {
        for name in ["mise.toml", ".mise.toml", ".config/mise.toml", "mise/config.toml"] {
            for path in paths(name) {
                guard let node = context.tree(path)?.at("tools", "python") else { continue }
                let value = node.items.first ?? node["version"] ?? node
                guard let version = value.scalar.flatMap({ PythonChoice.version(in: $0) }) else { continue }
                return [
                    PythonChoice(version: version, place: Place(path, node.position.line), what: "python = \(version)")
                ]
            }
        }
        return []
    }

    /// `PYTHON_VERSION` in Render's file: there it decides.
    private var platform: [PythonChoice] {
        for path in paths("render.yaml") {
            for service in context.tree(path)?["services"]?.items ?? [] {
                for variable in service["envVars"]?.items ?? [] where variable["key"]?.string == "PYTHON_VERSION" {
                    guard let node = variable["value"], let text = node.scalar else { continue }
                    guard let version = PythonChoice.version(in: text) else { continue }
                    return [
                        PythonChoice(
                            version: version,
                            place: Place(path, node.position.line),
                            what: "PYTHON_VERSION \(version)"
                        )
                    ]
                }
            }
        }
        return []
    }

    private var dockerfile: [PythonChoice] {
        guard let image = ProductionDockerfile.choose(in: context) else { return [] }
        let lineage = image.file.lineage(of: image.target)
        let bases = (lineage.reversed() + image.stages.reversed()).compactMap { stage -> PythonChoice? in
            guard let version = Self.version(ofImage: stage.base) else { return nil }
            return PythonChoice(
                version: version,
                place: Place(image.file.path, stage.line),
                what: "FROM \(stage.base.withoutControls)"
            )
        }
        if let first = bases.first { return [first] }
        for run in image.runs {
            guard let version = Self.installed(by: run.text) else { continue }
            return [
                PythonChoice(
                    version: version,
                    place: Place(image.file.path, run.line),
                    what: "installs Python \(version)"
                )
            ]
        }
        return []
    }

    /// Of an image whose base the project builds elsewhere: what all its other Dockerfiles start from, when they agree.
    private var others: [PythonChoice] {
        let found = context.dockerfiles.filter { !ProductionStage.isAsidePath($0.path) }.flatMap { file in
            file.stages.compactMap { stage -> PythonChoice? in
                guard let version = Self.version(ofImage: stage.base) else { return nil }
                let place = Place(file.path, stage.line)
                return PythonChoice(version: version, place: place, what: "FROM \(stage.base.withoutControls)")
            }
        }
        guard let first = found.first, found.allSatisfy({ $0.minor == first.minor }) else { return [] }
        return [first]
    }

    /// `python:3.11-slim`, `…/uvicorn-gunicorn:python3.8`, `…/ubi9/python-311`, `…/uv:python3.12-alpine`.
    static func version(ofImage image: String) -> String? {
        let plain = image.prefix { $0 != "@" }
        let last = TreePath.name(of: String(plain))
        let parts = last.split(separator: ":", maxSplits: 1)
        guard let name = parts.first else { return nil }
        let tag = parts.dropFirst().first ?? ""
        if let range = tag.firstRange(of: "python") {
            return PythonChoice.version(in: tag[range.upperBound...].prefix(8))
        }
        guard name.contains("python") else { return nil }
        if let first = tag.first, first.isNumber, let version = PythonChoice.version(in: tag) { return version }
        // Red Hat's images carry the version in their names.
        let digits = name.reversed().prefix(while: \.isNumber).reversed()
        return digits.count > 1 && digits.first == "3" ? "3.\(String(digits.dropFirst()))" : nil
    }

    /// `uv python install 3.12`, `apt-get install python3.11`, `conda install python=3.11`.
    private static func installed(by text: String) -> String? {
        for words in ShellText.commands(in: text) {
            if let index = words.firstIndex(of: "python"), index > 0, words[index - 1].hasSuffix("uv"),
                words.contains("install")
            {
                if let version = words.last.flatMap({ PythonChoice.version(in: $0) }) { return version }
            }
            guard words.contains("install") || words.contains("create") || words.contains("add") else { continue }
            for word in words where word.hasPrefix("python3.") || word.hasPrefix("python=") {
                if let version = PythonChoice.version(in: word.dropFirst(6).drop { $0 == "=" }) { return version }
            }
        }
        return nil
    }

    private var hints: [PythonChoice] {
        var found: [PythonChoice] = []
        for folder in TreePath.ancestors(of: context.root) {
            let pyproject = TreePath.joined(folder, "pyproject.toml")
            let tree = context.project.has(pyproject) ? context.tree(pyproject) : nil
            add(tree?.at("tool", "ruff", "target-version"), in: pyproject, "ruff", to: &found)
            for name in ["ruff.toml", ".ruff.toml"].map({ TreePath.joined(folder, $0) }) where context.project.has(name)
            {
                add(context.tree(name)?["target-version"], in: name, "ruff", to: &found)
            }
            add(tree?.at("tool", "mypy", "python_version"), in: pyproject, "mypy", to: &found)
            for name in ["mypy.ini", ".mypy.ini", "setup.cfg"].map({ TreePath.joined(folder, $0) }) {
                guard let value = context.project.text(name).flatMap({ INIFile($0)["mypy", "python_version"] }),
                    let version = PythonChoice.version(in: value.text)
                else { continue }
                found.append(
                    .init(version: version, place: Place(name, value.line), what: "mypy \(version)", isHint: true)
                )
            }
            if !found.isEmpty { return found }
        }
        return found
    }

    /// `"py311"` or `"3.11"`.
    private func add(_ node: ConfigNode?, in path: String, _ tool: String, to found: inout [PythonChoice]) {
        guard let node, let text = node.scalar else { return }
        let digits = text.hasPrefix("py3") ? "3." + text.dropFirst(3) : text
        guard let version = PythonChoice.version(in: digits) else { return }
        found.append(
            .init(version: version, place: Place(path, node.position.line), what: "\(tool) \(version)", isHint: true)
        )
    }

    private var header: [PythonChoice] {
        guard let compiled else { return [] }
        return [
            .init(
                version: compiled.version,
                place: Place(compiled.path, 1),
                what: "compiled with Python \(compiled.version)"
            )
        ]
    }
}
