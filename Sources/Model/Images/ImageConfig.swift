/// An image that this host holds: its unpacked layers and how its process starts.
package struct Image: Equatable, Sendable {
    /// `sha256:<64 hex digits>` of the OCI manifest.
    package var digest: String
    /// Digests of the uncompressed layers (OCI "diff IDs"), bottom first.
    package var layers: [String]
    package var config: Config

    package init(digest: String, layers: [String], config: Config) {
        self.digest = digest
        self.layers = layers
        self.config = config
    }

    /// The part of the OCI image configuration that a start needs.
    package struct Config: Equatable, Sendable {
        /// `uid`, `uid:gid`, `name` or `name:group`; empty is root.
        package var user: String
        package var workingDirectory: String
        /// `NAME=value` pairs.
        package var env: [String]
        package var entrypoint: [String]
        package var cmd: [String]

        package init(
            user: String = "",
            workingDirectory: String = "/",
            env: [String] = [],
            entrypoint: [String] = [],
            cmd: [String] = []
        ) {
            self.user = user
            self.workingDirectory = workingDirectory
            self.env = env
            self.entrypoint = entrypoint
            self.cmd = cmd
        }
    }
}
