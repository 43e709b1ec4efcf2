extension Dockerfile {
    /// An image of elsewhere that a build takes something from.
    package struct ImageUse: Equatable, Sendable {
        /// As the Dockerfile names it, variables filled in.
        package var name: String
        /// The first line that names it, from 1.
        package var line: Int
        /// Of another kind of machine than the one that builds.
        package var platform: String?
    }

    /// The images that a build up to a stage needs, each once.
    ///
    /// - Parameters:
    ///   - arguments: values of `ARG`s that the build is given.
    ///   - target: the stage that is built; nil for the last one.
    /// - Returns: no stages of the file itself, and not `scratch`.
    package func imagesUsed(arguments: [String: String], target: String?) -> [ImageUse] {
        var found: [ImageUse] = []
        func add(_ name: String, _ line: Int, _ platform: String? = nil) {
            // What still holds a variable is no name; buildah says so in its own words.
            guard !name.isEmpty, name.lowercased() != "scratch", !name.contains("$"),
                !found.contains(where: { $0.name == name })
            else { return }
            found.append(ImageUse(name: name, line: line, platform: platform))
        }
        for (index, stage) in stages.enumerated() {
            let base = base(of: stage, arguments: arguments)
            let platform = stage.from.flags.first { $0.name == "platform" }?.value
            if self.stage(named: base, before: index) == nil { add(base, stage.line, platform) }
            for item in stage.instructions {
                for name in Self.sources(of: item) where self.stage(named: name, before: index) == nil {
                    add(name, item.line)
                }
            }
            if let target, stage.name?.lowercased() == target.lowercased() { break }
        }
        return found
    }

    /// What a stage's `FROM` names with these build arguments.
    package func base(of stage: Stage, arguments: [String: String]) -> String {
        fill(stage.written, arguments, depth: 0)
    }

    /// The stage that a name or a number means in a later one.
    package func stage(named name: String, before index: Int) -> Int? {
        if let found = stages[..<index].lastIndex(where: { $0.name?.lowercased() == name.lowercased() }) {
            return found
        }
        guard let number = Int(name), (0..<index).contains(number) else { return nil }
        return number
    }

    /// What `COPY --from` and `RUN --mount=from=` name.
    package static func sources(of item: Instruction) -> [String] {
        switch item.word {
        case "COPY": return item.flags.filter { $0.name == "from" }.map(\.value)
        case "RUN":
            return item.flags.filter { $0.name == "mount" }.compactMap { flag in
                mountOptions(flag.value).first { $0.name == "from" }?.value
            }
        default: return []
        }
    }

    /// The options of a `--mount`, in order; those without a value have an empty one.
    package static func mountOptions(_ text: String) -> [(name: String, value: String)] {
        text.split(separator: ",").map { part in
            let name = part.prefix { $0 != "=" }
            return (String(name).lowercased(), String(part.dropFirst(name.count + 1)))
        }
    }

    // MARK: - Private

    private func fill(_ text: String, _ arguments: [String: String], depth: Int) -> String {
        Variables.expand(text) { name in
            // Only what is declared above the first FROM counts there.
            guard let declared = globalArguments[name] else { return nil }
            if let given = arguments[name] { return given }
            guard let value = declared, depth < 8 else { return nil }
            return fill(value, arguments, depth: depth + 1)
        }
    }
}
