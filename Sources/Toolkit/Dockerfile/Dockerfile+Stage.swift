extension Dockerfile {
    /// What an image of a stage starts with, those it is built from included.
    package struct Image: Sendable {
        /// `ENV`, with what stands before it filled in.
        package var environment: [String: String] = [:]
        /// Absolute; `/` when nothing says.
        package var workingDirectory = "/"
        package var user: String?
        /// `EXPOSE`, in order, with the line of each.
        package var ports: [(number: Int, line: Int)] = []
        package var entrypoint: Instruction?
        package var command: Instruction?
        package var healthcheck: Instruction?
        package var volumes: [String] = []
        package var stopSignal: String?
        /// The image that the outermost stage names.
        package var base: String
        /// `ARG` and `ENV` as the last line knows them.
        package var variables: [String: String] = [:]
    }

    /// Follows the instructions of a stage and of those that it is built from.
    package func image(of stage: Stage) -> Image {
        let chain = lineage(of: stage)
        var image = Image(base: chain.first?.base ?? stage.base)
        for part in chain {
            var reader = ImageReader(image: image, globals: globalArguments)
            for item in part.instructions { reader.take(item) }
            image = reader.image
            image.variables = reader.arguments.merging(image.environment) { _, new in new }
        }
        return image
    }
}

/// Applies a stage's instructions to what is known of its image.
private struct ImageReader {
    var image: Dockerfile.Image
    let globals: [String: String?]
    var arguments: [String: String] = [:]
    private var hasOwnCommand = false

    init(image: Dockerfile.Image, globals: [String: String?]) {
        self.image = image
        self.globals = globals
    }

    mutating func take(_ item: Dockerfile.Instruction) {
        switch item.word {
        case "ARG":
            for (name, value) in Dockerfile.arguments(item.text) {
                arguments[name] = value.map(fill) ?? globals[name] ?? nil
            }
        case "ENV":
            let pairs = ImageWords.pairs(item.text).map { ($0.name, fill($0.value)) }
            for (name, value) in pairs { image.environment[name] = value }
        case "WORKDIR": image.workingDirectory = absolute(fill(ImageWords.plain(item.text)))
        case "USER": image.user = fill(item.text)
        case "EXPOSE":
            for word in ImageWords.raw(fill(item.text)) {
                guard let number = Int(word.prefix { $0.isNumber }), (1...65_535).contains(number) else { continue }
                image.ports.append((number, item.line))
            }
        case "VOLUME": image.volumes += item.exec ?? ImageWords.raw(fill(item.text)).map(String.init)
        case "STOPSIGNAL": image.stopSignal = fill(item.text)
        case "HEALTHCHECK": image.healthcheck = item.text.uppercased() == "NONE" ? nil : item
        case "CMD":
            image.command = item
            hasOwnCommand = true
        case "ENTRYPOINT":
            image.entrypoint = item
            // Docker drops the CMD that was inherited when a stage sets an ENTRYPOINT of its own.
            if !hasOwnCommand { image.command = nil }
        default: break
        }
    }

    private func fill(_ text: String) -> String {
        Variables.expand(text) { image.environment[$0] ?? arguments[$0] }
    }

    private func absolute(_ path: String) -> String {
        var parts = path.hasPrefix("/") ? [] : image.workingDirectory.split(separator: "/")
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
