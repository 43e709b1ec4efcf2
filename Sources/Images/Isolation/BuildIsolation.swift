/// What keeps a build by the host's programs away from the host, as the daemon sets it up.
package struct BuildIsolation: Sendable {
    /// Makes a network namespace for one build or pull; nil uses the host's own.
    package var makeNetwork: (@Sendable () async throws -> Network)?
    /// Servers that are asked for names; empty: those of the host's `resolv.conf`.
    package var nameservers: [String] = []
    /// Makes the control groups of one build; nil runs it in the caller's own.
    package var makeGroup: (@Sendable () throws -> Group)?
    /// A filter of system calls for `RUN` lines, as a file; nil is the programs' own.
    package var systemCalls: String?
    /// Registries on the host's loopback or in its private networks from which images may come: `host` or `host:port`.
    package var registries: [String] = []

    package init() {}

    /// A network namespace as a file.
    package struct Network: Sendable {
        package var path: String
        package var remove: @Sendable () async throws -> Void

        package init(path: String, remove: @escaping @Sendable () async throws -> Void) {
            self.path = path
            self.remove = remove
        }
    }

    /// The control groups of one build.
    package struct Group: Sendable {
        /// The `cgroup.procs` files to which the build's first process writes itself.
        package var processFiles: [String]
        /// What the build sees at `/sys/fs/cgroup`, by the names there; the empty name is the whole of it.
        package var hierarchies: [String: String]
        /// Ends all of its processes, frozen or not; may block for a moment.
        package var kill: @Sendable () -> Void
        /// Ends them and removes the groups; may block for a moment.
        package var remove: @Sendable () throws -> Void

        package init(
            processFiles: [String],
            hierarchies: [String: String],
            kill: @escaping @Sendable () -> Void,
            remove: @escaping @Sendable () throws -> Void
        ) {
            self.processFiles = processFiles
            self.hierarchies = hierarchies
            self.kill = kill
            self.remove = remove
        }
    }

    /// Runs `body` with a network that leads to the outside, and not to the host and whatever is private around it.
    func withNetwork<Result: Sendable>(
        _ body: @escaping @Sendable (BuildNetwork) async throws -> Result
    ) async throws -> Result {
        guard let network = try await makeNetwork?() else { return try await body(.host) }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(.namespace(network.path)))
        } catch {
            result = .failure(error)
        }
        // Also in a task that was cancelled.
        try await Task { try await network.remove() }.value
        return try result.get()
    }

    /// The same for what an image's registry is asked: one that the host's owner has named may be on this very host.
    func withNetwork<Result: Sendable>(
        for image: String,
        _ body: @escaping @Sendable (BuildNetwork) async throws -> Result
    ) async throws -> Result {
        isListed(image) ? try await body(.host) : try await withNetwork(body)
    }

    /// Whether an image's registry is one that the host's owner has named.
    func isListed(_ image: String) -> Bool {
        guard let host = Self.registry(of: image) else { return false }
        let name = host.split(separator: ":").first.map(String.init) ?? host
        return registries.contains(host) || registries.contains(name)
    }

    /// The registry that an image's name begins with; nil where it names none, which means Docker's.
    static func registry(of image: String) -> String? {
        guard let slash = image.firstIndex(of: "/") else { return nil }
        let first = String(image[..<slash])
        return first.contains(".") || first.contains(":") || first == "localhost" ? first : nil
    }
}

/// What a program of a build can reach.
enum BuildNetwork: Equatable, Sendable {
    case none
    case host
    /// As a file.
    case namespace(String)
}
