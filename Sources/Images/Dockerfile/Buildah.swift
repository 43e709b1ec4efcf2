import Foundation
import Model
import Toolkit

/// The buildah program with a storage of its own.
struct Buildah: Sendable {
    let options: DockerfileOptions

    /// A command that, with all its children, ends when it is cancelled, and leaves no mounts behind.
    ///
    /// It has its own process namespace, whose end is the end of all in it, and its own mounts, which end with it too.
    ///
    /// Its large temporary files go to the folder `temporary`; whoever gives it removes it.
    func command(_ arguments: [String], temporary: String) throws(Fault) -> Command {
        let storage = ["--root", options.storage, "--runroot", options.run, "--storage-driver", options.driver]
        return try isolated(["buildah"] + storage + arguments, temporary: temporary)
    }

    /// The command that copies an image of this storage to an OCI layout.
    ///
    /// The folder `blobs` has the layout's blobs and others; those that are there already are not copied.
    func copy(_ id: String, to layout: String, blobs: String, temporary: String) throws(Fault) -> Command {
        let source = "containers-storage:[\(options.driver)@\(options.storage)+\(options.run)]\(id)"
        let arguments = [
            "copy", "--dest-shared-blob-dir", blobs, "--dest-oci-accept-uncompressed-layers", source, layout,
        ]
        return try isolated(["skopeo"] + arguments, temporary: temporary)
    }

    /// The command that brings the image of an OCI layout into this storage, under a name.
    func load(_ layout: String, blobs: String, as name: String, temporary: String) throws(Fault) -> Command {
        let target = "containers-storage:[\(options.driver)@\(options.storage)+\(options.run)]\(name)"
        let arguments = ["copy", "--quiet", "--src-shared-blob-dir", blobs, "oci:\(layout):image", target]
        return try isolated(["skopeo"] + arguments, temporary: temporary)
    }

    /// The command that asks a registry for an image, on the network that builds have.
    func look(_ name: String, temporary: String) throws(Fault) -> Command {
        let names = ["--registries-conf", registries]
        return try isolated(
            ["skopeo"] + names + ["inspect", "--raw", "--retry-times", "0", "docker://\(name)"],
            temporary: temporary
        )
    }

    /// Makes the folders, and tells buildah where short names such as `python:3.13` come from.
    func prepare() throws(Fault) {
        for folder in [options.storage, options.run] { try Durable.makeFolder(folder, mode: 0o700) }
        let file = options.environment["CONTAINERS_REGISTRIES_CONF"] ?? "/etc/containers/registries.conf"
        let host = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        let isSaid = host.split(separator: "\n").contains { $0.hasPrefix("unqualified-search-registries") }
        // In front, for in TOML what follows a table belongs to it.
        let text = isSaid ? host : "unqualified-search-registries = [\"docker.io\"]\n" + host
        try Durable.write(Data(text.utf8), to: registries)
    }

    /// How `RUN` lines are kept from the host.
    ///
    /// A container of runc's, not buildah's own chroot: out of that one a process that may call chroot(2) climbs. The
    /// network is that of the namespace in which buildah itself runs.
    static let sandbox = [
        "--isolation", "oci", "--runtime", "runc", "--network", "host", "--cap-drop", "CAP_SYS_CHROOT",
    ]

    // MARK: - Private

    private func isolated(_ words: [String], temporary: String) throws(Fault) -> Command {
        guard let program = words.first, Command.find(program) != nil else {
            throw Fault(
                .toolMissing,
                "the project has a Dockerfile, but \(words.first ?? "") is not installed",
                hint: "roost doctor says what this host lacks"
            )
        }
        let network = options.network.map { ["nsenter", "--net=\($0)"] } ?? []
        let namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        // 0 is whoever writes it.
        let script = "while [ \"$1\" != -- ]; do echo 0 >\"$1\"; shift; done; shift; exec \"$@\""
        return Command(
            "/bin/sh",
            ["-c", "set -e; \(script)", "sh"] + options.cgroups + ["--"] + network + namespaces + words,
            environment: options.environment.merging(
                ["CONTAINERS_REGISTRIES_CONF": registries, "TMPDIR": temporary]
            ) { $1 }
        )
    }

    private var registries: String { "\(options.run)/registries.conf" }
}
