/// How projects with a Dockerfile are built on this host.
package struct DockerfileOptions: Sendable {
    /// Base images; a folder of this instance alone, on a disk that has room for them.
    package var storage: String
    /// Lock files and the like, gone after a restart of the host.
    package var run: String
    /// `overlay`, or `vfs` where the disk can't carry overlays.
    package var driver = "overlay"
    /// What buildah needs to reach registries, such as `HTTPS_PROXY`; `RUN` lines get the proxies too.
    package var environment: [String: String] = [:]
    /// What keeps builds away from the host and from each other.
    package var isolation = BuildIsolation()

    /// What `RUN` lines keep of an administrator's capabilities, for a filter of their system calls.
    package static let capabilities = Buildah.capabilities

    package init(storage: String, run: String) {
        self.storage = storage
        self.run = run
    }
}
