/// How Python projects are built on this host.
package struct PythonOptions: Sendable {
    /// The uv program of this host; it runs inside the sandbox.
    package var uv: String
    /// An image of a registry to start from, `docker.io/library/python:3.13-slim`; nil makes one of the host's own
    /// distribution.
    package var baseImage: String?
    /// A folder with interpreters for builds, one folder each, as uv and pyenv lay them out; they come before all others.
    package var pythons: String?
    /// Where else on the host interpreters are looked for.
    package var places = PythonPlace.usual(home: "/root")
    /// What uv and skopeo need to get through to the outside: `HTTPS_PROXY`, `UV_INDEX_URL` and the like.
    package var environment: [String: String] = [:]
    /// What keeps the programs that pull a base image away from the host.
    package var isolation = BuildIsolation()
    /// Certificate authorities, for hosts behind a proxy with its own; in place of the base image's.
    package var authorities: String? = "/etc/ssl/certs/ca-certificates.crt"
    /// For each step of a build.
    package var memoryMiB = 2048
    /// In cores.
    package var cpus = 2.0

    /// - Parameter uv: an absolute path.
    package init(uv: String) {
        self.uv = uv
    }
}
