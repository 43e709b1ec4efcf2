import Model

extension BundleConfig {
    /// What a sandbox's configuration depends on besides the sandbox itself.
    struct Surroundings {
        var rootfs: String
        var user: SandboxUser
        var seccomp: Seccomp
        var cgroupsPath: String
        /// Nil: a namespace of its own with nothing in it.
        var networkNamespace: String?
        /// Nil: the host's users.
        var users: Users?
        var limitsSwap: Bool
        var limits: OwnLimits
        var pidsLimit: Int
        /// Files of ours inside the sandbox: source on the host by destination.
        var files: [(source: String, destination: String)]
        /// The CPUs that it runs on; nil: all.
        var cpus: [Int]?
        /// A tiny first process of the host's that reaps and passes signals on, or nil.
        var initProgram: String?
        /// Whether the kernel has a tree that may be shown inside: of version 1 only one's own groups, in a namespace.
        var showsCgroups: Bool
        var hasCgroupNamespaces: Bool
    }

    /// A user namespace and what its users are outside.
    struct Users {
        var path: String
        var range: UserRange
    }

    /// Where the folder with the socket of the API stands inside.
    static let doorPath = "/.fly"
    /// Where the tiny first process stands inside.
    static let initPath = "\(doorPath)/init"

    init(_ sandbox: Sandbox, _ surroundings: Surroundings) {
        let user = surroundings.user
        var environment = sandbox.env
        if environment["PATH"] == nil { environment["PATH"] = CommandLookup.defaultPath }
        if environment["HOME"] == nil { environment["HOME"] = user.home }
        let capabilities = Self.capabilities(of: user)
        process = Process(
            user: User(uid: user.uid, gid: user.gid, additionalGids: user.groups),
            args: surroundings.initProgram == nil ? sandbox.command : [Self.initPath, "--"] + sandbox.command,
            env: environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" },
            cwd: sandbox.workingDirectory.hasPrefix("/") ? sandbox.workingDirectory : "/\(sandbox.workingDirectory)",
            capabilities: Capabilities(bounding: capabilities, effective: capabilities, permitted: capabilities),
            rlimits: Self.rlimits(surroundings),
            // Makes the kernel's OOM killer prefer a Machine to the daemons of the host.
            oomScoreAdj: surroundings.limits.oomScore(wanted: 100)
        )
        root = Root(path: surroundings.rootfs)
        hostname = sandbox.hostname
        mounts = Self.mounts(of: sandbox, surroundings)
        linux = Linux(
            namespaces: ["mount", "pid", "ipc", "uts"].map { Namespace(type: $0) }
                // Also where the tree is not shown: `/proc/self/cgroup` would tell the names of the host's groups.
                + (surroundings.hasCgroupNamespaces ? [Namespace(type: "cgroup")] : [])
                + [Namespace(type: "network", path: surroundings.networkNamespace)]
                + (surroundings.users.map { [Namespace(type: "user", path: $0.path)] } ?? []),
            uidMappings: surroundings.users.map { [Mapping($0.range)] },
            gidMappings: surroundings.users.map { [Mapping($0.range)] },
            cgroupsPath: surroundings.cgroupsPath,
            resources: Self.resources(sandbox, surroundings),
            sysctl: Self.sysctl(surroundings),
            maskedPaths: Self.maskedPaths,
            readonlyPaths: Self.readonlyPaths,
            seccomp: surroundings.seccomp
        )
    }

    /// What root keeps; others have none, since `ip_unprivileged_port_start` gives them the ports below 1024.
    ///
    /// Docker's set without MKNOD, AUDIT_WRITE and NET_RAW: raw sockets would let a Machine fake its neighbours.
    static func capabilities(of user: SandboxUser) -> [String] {
        guard user.uid == 0 else { return [] }
        return [
            "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE",
            "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
        ]
    }

    // MARK: - Private

    private static func rlimits(_ surroundings: Surroundings) -> [Limit] {
        // The limits of another user's process are set by who may raise them, or by nobody: it has the daemon's then.
        guard surroundings.users == nil || surroundings.limits.raises else { return [] }
        let openFiles = surroundings.limits.openFiles(wanted: 65_536)
        return [
            Limit(type: "RLIMIT_NOFILE", hard: openFiles, soft: openFiles),
            // One byte, not none: a program that the kernel pipes dumps to gets them whatever the limit is, but for 1.
            Limit(type: "RLIMIT_CORE", hard: 1, soft: 1),
        ]
    }

    private static func mounts(of sandbox: Sandbox, _ surroundings: Surroundings) -> [Mount] {
        let closed = ["nosuid", "noexec", "nodev"]
        var mounts = [
            Mount(destination: "/proc", type: "proc", source: "proc", options: closed),
            Mount(
                destination: "/dev",
                type: "tmpfs",
                source: "tmpfs",
                options: ["nosuid", "noexec", "strictatime", "mode=755", "size=64k"]
            ),
            Mount(
                destination: "/dev/pts",
                type: "devpts",
                source: "devpts",
                options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]
            ),
            Mount(
                destination: "/dev/shm",
                type: "tmpfs",
                source: "shm",
                options: closed + ["mode=1777", "size=65536k"]
            ),
            Mount(destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: closed),
            Mount(destination: "/sys", type: "sysfs", source: "sysfs", options: closed + ["ro"]),
        ]
        if surroundings.showsCgroups {
            mounts.append(
                Mount(destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: closed + ["ro"])
            )
        }
        mounts += surroundings.files.map { file in
            Mount(destination: file.destination, type: "bind", source: file.source, options: ["bind", "ro"] + closed)
        }
        if let door = sandbox.door {
            mounts.append(
                Mount(destination: doorPath, type: "bind", source: door, options: ["bind", "ro"] + closed)
            )
        }
        if let program = surroundings.initProgram {
            mounts.append(
                Mount(destination: initPath, type: "bind", source: program, options: ["bind", "ro", "nosuid", "nodev"])
            )
        }
        mounts += sandbox.mounts.map { mount in
            Mount(
                destination: mount.destination,
                type: "bind",
                source: mount.source,
                options: ["bind", "nosuid", "nodev", mount.readOnly ? "ro" : "rw"]
            )
        }
        return mounts
    }

    /// What a Machine is promised of each of its CPUs, beside others.
    static func shares(perCPU guest: MachineConfig.Guest) -> UInt64 { guest.cpuKind == .performance ? 1024 : 256 }

    private static func resources(_ sandbox: Sandbox, _ surroundings: Surroundings) -> Resources {
        let guest = sandbox.guest
        let memory = Int64(guest.memoryMiB) << 20
        let perCPU = shares(perCPU: guest)
        return Resources(
            memory: Memory(limit: memory, swap: surroundings.limitsSwap ? memory + Int64(sandbox.swapMiB) << 20 : nil),
            cpu: CPU(
                shares: perCPU * UInt64(guest.cpus),
                quota: Int64(guest.cpus) * 100_000,
                period: 100_000,
                cpus: surroundings.cpus.map(CPUList.text)
            ),
            pids: PIDs(limit: Int64(surroundings.pidsLimit))
        )
    }

    private static func sysctl(_ surroundings: Surroundings) -> [String: String] {
        var all = [
            // Ordinary users may listen on port 80 and ping: nobody else is in this network namespace.
            "net.ipv4.ip_unprivileged_port_start": "0",
            // The kernel takes only groups that there are.
            "net.ipv4.ping_group_range": "0 \(surroundings.users == nil ? 2_147_483_647 : UserRange.count - 1)",
        ]
        if surroundings.networkNamespace != nil, KernelFile.exists("/proc/sys/net/ipv6") {
            // A neighbour on the bridge must not become our router.
            all["net.ipv6.conf.eth0.accept_ra"] = "0"
            all["net.ipv6.conf.eth0.accept_redirects"] = "0"
        }
        return all
    }

    /// > Source: Docker 24, `oci/defaults.go`.
    private static let maskedPaths = [
        "/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ]

    /// > Source: Docker 24, `oci/defaults.go`.
    private static let readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
}
