import Foundation
import Model
import Toolkit

/// The buildah program with a storage of its own.
///
/// There is one storage for the images that all apps may begin with, into which only programs of ours write, and one
/// above it for each app, into which its builds do: what one app has built is nothing to another.
struct Buildah: Sendable {
    let options: DockerfileOptions
    /// Whose storage it is; nil is the common one.
    var app: AppStorage?

    /// The storage's name among what builds keep of an app.
    static let storageName = "buildah-storage"

    /// Where the storage of one app is.
    struct AppStorage: Sendable {
        var root: String
        var run: String
    }

    /// A program with all that it sees of the host.
    struct Call: Sendable {
        var root: BuilderRoot
        var words: [String]

        func run() async throws -> Command.Outcome { try await root.run(words) }

        @discardableResult
        func checked() async throws -> String { try await root.checked(words) }

        func stream(_ line: @Sendable (String) async throws -> Void) async throws -> Int32 {
            try await root.stream(words, line)
        }
    }

    /// The same with the storage of an app.
    func of(_ app: String, in cache: AppCache) throws(Fault) -> Buildah {
        var buildah = self
        let root = try cache.place(Self.storageName)
        try Durable.makeFolder(root, mode: 0o700)
        let run = "\(options.run)/apps/\(app)"
        try Durable.makeFolder(run, mode: 0o700)
        buildah.app = AppStorage(root: root, run: run)
        return buildah
    }

    /// A command that, with all its children, ends when it is cancelled, and leaves no mounts behind.
    ///
    /// Its large temporary files go to the folder `temporary`; whoever gives it removes it.
    func command(_ arguments: [String], temporary: String, network: BuildNetwork = .none) -> Call {
        Call(root: root(temporary, network), words: ["buildah"] + storage + arguments)
    }

    /// The command that copies an image of this storage to an OCI layout.
    ///
    /// The folder `blobs`, in the one for temporary files, has the layout's blobs and others; those that are there already
    /// are not copied.
    func copy(_ id: String, to layout: String, blobs: String, temporary: String) -> Call {
        let arguments = [
            "copy", "--dest-shared-blob-dir", blobs, "--dest-oci-accept-uncompressed-layers", "\(transport)\(id)",
            layout,
        ]
        return Call(root: root(temporary, .none), words: ["skopeo"] + arguments)
    }

    /// The command that brings the image of an OCI layout into this storage, under a name.
    func load(_ layout: String, blobs: String, as name: String, temporary: String) -> Call {
        let arguments = [
            "copy", "--quiet", "--src-shared-blob-dir", blobs, "oci:\(layout):image", "\(transport)\(name)",
        ]
        var root = root(temporary, .none)
        root.readOnly.append(blobs)
        return Call(root: root, words: ["skopeo"] + arguments)
    }

    /// The command that asks a registry for an image.
    func look(_ name: String, temporary: String, network: BuildNetwork) -> Call {
        let names = ["--registries-conf", registries]
        return Call(
            root: root(temporary, network),
            words: ["skopeo"] + names + ["inspect", "--raw", "--retry-times", "0", "docker://\(name)"]
        )
    }

    /// Makes the folders, and tells buildah where short names such as `python:3.13` come from.
    func prepare() async throws {
        for folder in [options.storage, options.run] { try Durable.makeFolder(folder, mode: 0o700) }
        let file = options.environment["CONTAINERS_REGISTRIES_CONF"] ?? "/etc/containers/registries.conf"
        let host = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        let isSaid = host.split(separator: "\n").contains { $0.hasPrefix("unqualified-search-registries") }
        // In front, for in TOML what follows a table belongs to it.
        let text = isSaid ? host : "unqualified-search-registries = [\"docker.io\"]\n" + host
        try Durable.write(Data(text.utf8), to: registries)
        // What nobody ever used has no files yet, which an app's storage above it looks for.
        guard !FileTree.exists("\(options.storage)/\(options.driver)-images") else { return }
        var common = self
        common.app = nil
        try await common.command(["images", "--quiet"], temporary: options.run).checked()
    }

    /// How `RUN` lines are kept from the host.
    ///
    /// A container of runc's, not buildah's own chroot: out of that one a process that may call chroot(2) climbs. The
    /// network is that of the namespace in which buildah itself runs. Control groups are not shown: the container would
    /// have a copy of buildah's own mounts of them, which runc writes to.
    var sandbox: [String] {
        var words = ["--isolation", "oci", "--runtime", "runc", "--network", "host", "--cap-drop", "CAP_SYS_CHROOT"]
        if options.isolation.makeGroup != nil { words += ["--cgroup-parent", "/run"] }
        words += ["--volume", "/dev/shm:/sys/fs/cgroup:ro"]
        if let filter = options.isolation.systemCalls { words += ["--security-opt", "seccomp=\(filter)"] }
        return words
    }

    /// What `RUN` lines keep of an administrator's capabilities.
    ///
    /// > Source: github.com/containers/common, `pkg/config/default.go`, `DefaultCapabilities`.
    package static let capabilities = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE",
        "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID",
    ]

    // MARK: - Private

    private var storage: [String] {
        let words = ["--root", app?.root ?? options.storage, "--runroot", app?.run ?? options.run]
        return words + ["--storage-driver", options.driver] + storageOptions.flatMap { ["--storage-opt", $0] }
    }

    private var storageOptions: [String] {
        // A layer may hold device files: on such a mount they are none.
        let mount = options.driver == "overlay" ? ["overlay.mountopt=nodev"] : []
        return mount + (app == nil ? [] : ["\(options.driver).imagestore=\(options.storage)"])
    }

    private var transport: String {
        let place = "\(app?.root ?? options.storage)+\(app?.run ?? options.run)"
        let extra = storageOptions.isEmpty ? "" : ":\(storageOptions.joined(separator: ","))"
        return "containers-storage:[\(options.driver)@\(place)\(extra)]"
    }

    private func root(_ temporary: String, _ network: BuildNetwork) -> BuilderRoot {
        var root = BuilderRoot(place: "\(options.run)/root", isolation: options.isolation, network: network)
        if let app {
            root.readOnly = [options.storage, registries]
            root.writable = [app.root, app.run, temporary]
        } else {
            root.readOnly = [registries]
            root.writable = [options.storage, options.run, temporary]
        }
        root.readOnly += ["SSL_CERT_FILE"].compactMap { options.environment[$0] }.filter { FileTree.exists($0) }
        root.readOnly += [options.isolation.systemCalls].compactMap { $0 }
        root.environment = options.environment.merging(
            ["CONTAINERS_REGISTRIES_CONF": registries, "TMPDIR": temporary]
        ) { $1 }
        return root
    }

    private var registries: String { "\(options.run)/registries.conf" }
}
