/// How projects with a Dockerfile are built on this host.
package struct DockerfileOptions: Sendable {
    /// Base images and cached steps; a folder of this instance alone, on a disk that has room for them.
    package var storage: String
    /// Lock files and the like, gone after a restart of the host.
    package var run: String
    /// `overlay`, or `vfs` where the disk can't carry overlays.
    package var driver = "overlay"
    /// What buildah needs to reach registries, such as `HTTPS_PROXY`; `RUN` lines get the proxies too.
    package var environment: [String: String] = [:]
    /// The `cgroup.procs` files of the groups that limit builds; each build puts itself into all of them.
    package var cgroups: [String] = []
    /// A network namespace for the whole build, as a file; nil is the host's own, which `RUN` lines then share.
    package var network: String?

    package init(storage: String, run: String) {
        self.storage = storage
        self.run = run
    }
}
