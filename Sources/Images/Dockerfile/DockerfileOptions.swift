/// How projects with a Dockerfile are built on this host.
package struct DockerfileOptions: Sendable {
    /// What buildah needs to reach registries, such as `HTTPS_PROXY`; `RUN` lines get the proxies too.
    package var environment: [String: String] = [:]
    /// The `cgroup.procs` files of the groups that limit builds; each build puts itself into all of them.
    package var cgroups: [String] = []
    /// Base images and cached steps; a folder on a disk that has room for them.
    package var storage: String
    /// Lock files and the like, gone after a restart of the host.
    package var run: String
    /// `overlay`, or `vfs` where the disk can't carry overlays.
    package var driver = "overlay"

    package init(storage: String, run: String) {
        self.storage = storage
        self.run = run
    }
}
