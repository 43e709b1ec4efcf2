import Model

/// Looks for programs in an image that nothing has mounted yet.
struct ImagePrograms {
    private let config: Image.Config
    /// Bottom first.
    private let layers: [String]

    init(_ image: Image, in store: ImageStore) throws(Fault) {
        config = image.config
        layers = try store.layerPaths(of: image)
    }

    /// The first of some programs, named as a shell would be told, that no folder of the image's `PATH` holds.
    ///
    /// Behind an entry point the words are its own business; a path is looked up where the Machine starts.
    func absent(_ programs: [String]) -> String? {
        guard config.entrypoint.isEmpty else { return nil }
        let path = config.env.last { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? PythonBaseMaker.path[...]
        let folders = path.split(separator: ":")
        return programs.first { program in
            !program.contains("/")
                && !folders.contains { folder in
                    layers.contains { FileTree.exists("\($0)/\(folder)/\(program)") }
                }
        }
    }
}
