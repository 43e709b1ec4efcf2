import Model
import Toolkit

extension DockerfileRewrite {
    /// A `--mount` in older words.
    struct Mount {
        var text: String
        /// What the result depends on beside the words.
        var inputs: [String] = []
        /// Commands that come before the line's own.
        var export = ""
    }

    func mount(
        _ value: String,
        _ item: Dockerfile.Instruction,
        _ state: StageState,
        stage: Int
    ) throws(Fault) -> Mount {
        var options = Dockerfile.mountOptions(value)
        func option(_ names: String...) -> String? { options.first { names.contains($0.name) }?.value }
        let type = option("type") ?? "bind"
        let source = state.fill(option("source", "src") ?? "")
        let id = option("id") ?? ""
        for text in [source, id] where text.split(separator: "/").contains("..") {
            throw refusal(item, "--mount with \(ConfigNode.quoted(text))", "name a place within the build")
        }
        var result = Mount(text: "")
        if type == "secret", let variable = option("env") {
            guard Variables.name(in: variable) == variable else {
                throw refusal(item, "a secret as \(ConfigNode.quoted(variable))", "name a variable")
            }
            options.removeAll { $0.name == "env" }
            let path = "/run/secrets/\(id.isEmpty ? variable : id)"
            if id.isEmpty { options.append(("id", variable)) }
            if option("target", "dst", "destination") == nil { options.append(("target", path)) }
            let place = option("target", "dst", "destination") ?? path
            let quoted = "'" + place.replacing("'", with: "'\\''") + "'"
            result.export = "if [ -e \(quoted) ]; then \(variable)=\"$(cat \(quoted))\"; export \(variable); fi; "
        }
        for index in options.indices where ["target", "dst", "destination"].contains(options[index].name) {
            let target = state.fill(options[index].value)
            // Of a variable that only the base image knows nobody can say where it leads; buildah fills it in.
            if !target.hasPrefix("/"), !target.hasPrefix("$") { options[index].value = state.absolute(target) }
        }
        if type == "bind" { result.inputs = try inputs(option("from"), source, item, stage: stage) }
        for index in options.indices where options[index].name == "from" {
            if let local = local(options[index].value, stage: stage) { options[index].value = local }
        }
        result.text = options.map { $0.value.isEmpty ? $0.name : "\($0.name)=\($0.value)" }.joined(separator: ",")
        if result.text == value { result.text = value }
        return result
    }

    /// The image that stands in for one that the Dockerfile names.
    func local(_ name: String, stage: Int) -> String? {
        file.stage(named: name, before: stage) == nil ? bases[name] : nil
    }

    /// What stands at a place of the project, as text that changes when it does.
    func inputs(
        _ from: String?,
        _ source: String,
        _ item: Dockerfile.Instruction,
        stage: Int
    ) throws(Fault) -> [String] {
        if let from {
            return file.stage(named: from, before: stage).map { [fingerprint(of: $0)] } ?? []
        }
        // It is bound as it stands on the host: a link in it would be followed there.
        if let link = manifest.linkOut(on: source) {
            throw refusal(
                item,
                "--mount of \(source), for \(link) is a link out of the project",
                "mount the file itself"
            )
        }
        return content(of: source)
    }

    // MARK: - Private

    private func content(of source: String) -> [String] {
        let plain = source.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
        // What stands before a pattern's first sign is more than it fits, and never less.
        let fixed = plain.prefix { !"*?[$\\".contains($0) }
        let path = fixed.count == plain.count ? plain : String(fixed[..<(fixed.lastIndex(of: "/") ?? fixed.startIndex)])
        return manifest.files.filter { path.isEmpty || $0.path == path || $0.path.hasPrefix(path + "/") }.map {
            "\($0.path) \($0.mode) \($0.sha256) \($0.target ?? "")"
        }
    }

    /// Changes whenever what a stage is made of may have changed.
    private func fingerprint(of index: Int) -> String {
        var parts: [String] = arguments.map { "\($0.key)=\($0.value)" }.sorted()
        var waiting = [index]
        var seen: Set<Int> = []
        while let index = waiting.popLast() {
            guard seen.insert(index).inserted else { continue }
            let stage = file.stages[index]
            let base = file.base(of: stage, arguments: arguments)
            parts.append("FROM \(bases[base] ?? base)")
            if let parent = file.stage(named: base, before: index) { waiting.append(parent) }
            for item in stage.instructions {
                parts.append(
                    "\(item.word) \(item.flags.map { "\($0.name)=\($0.value)" }) \(item.text) \(item.heredocs)"
                )
                let names = Dockerfile.sources(of: item)
                waiting += names.compactMap { file.stage(named: $0, before: index) }
                if ["COPY", "ADD"].contains(item.word), names.isEmpty {
                    let words = item.exec ?? ImageWords.raw(item.text).map { ImageWords.plain($0) }
                    parts += words.dropLast().flatMap { content(of: $0) }
                }
                for flag in item.flags where flag.name == "mount" {
                    let options = Dockerfile.mountOptions(flag.value)
                    guard !options.contains(where: { $0.name == "from" }),
                        options.first(where: { $0.name == "type" })?.value ?? "bind" == "bind"
                    else { continue }
                    parts += content(of: options.first { ["source", "src"].contains($0.name) }?.value ?? "")
                }
            }
        }
        return Hex.digest(of: parts.joined(separator: "\n"))
    }
}
