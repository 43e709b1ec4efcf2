/// `config.json` of an OCI bundle: the part of it that we use.
///
/// > Source: OCI runtime specification 1.0.2, `config.md` and `config-linux.md`.
struct BundleConfig: Encodable {
    var ociVersion = "1.0.2"
    var process: Process
    var root: Root
    var hostname: String
    var mounts: [Mount]
    var linux: Linux

    struct Process: Encodable {
        var terminal = false
        var user: User
        var args: [String]
        var env: [String]
        var cwd: String
        var capabilities: Capabilities
        var rlimits: [Limit]
        var noNewPrivileges = true
        var oomScoreAdj: Int
    }

    struct User: Encodable {
        var uid: UInt32
        var gid: UInt32
        var additionalGids: [UInt32]
        var umask = 0o22
    }

    struct Capabilities: Encodable {
        var bounding: [String]
        var effective: [String]
        var permitted: [String]
        var inheritable: [String] = []
        var ambient: [String] = []
    }

    struct Limit: Encodable {
        var type: String
        var hard: UInt64
        var soft: UInt64
    }

    struct Root: Encodable {
        var path: String
        var readonly = false
    }

    struct Mount: Encodable {
        var destination: String
        var type: String
        var source: String
        var options: [String]
    }

    struct Linux: Encodable {
        var namespaces: [Namespace]
        var uidMappings: [Mapping]?
        var gidMappings: [Mapping]?
        var cgroupsPath: String
        var resources: Resources
        var sysctl: [String: String]
        var maskedPaths: [String]
        var readonlyPaths: [String]
        var seccomp: Seccomp
    }

    struct Namespace: Encodable {
        var type: String
        var path: String?
    }

    struct Mapping: Encodable {
        var containerID: UInt32 = 0
        var hostID: UInt32
        var size = UserRange.count

        init(_ range: UserRange) { hostID = range.base }
    }

    struct Resources: Encodable {
        var devices = [Device(allow: false, access: "rwm")]
        var memory: Memory
        var cpu: CPU
        var pids: PIDs
    }

    struct Device: Encodable {
        var allow: Bool
        var access: String
    }

    struct Memory: Encodable {
        /// Bytes.
        var limit: Int64
        /// Bytes of memory and swap together.
        var swap: Int64?
    }

    struct CPU: Encodable {
        var shares: UInt64
        /// Microseconds of CPU time in each period.
        var quota: Int64
        /// Microseconds.
        var period: UInt64
        /// As the kernel lists them; nil: all.
        var cpus: String?
    }

    struct PIDs: Encodable {
        var limit: Int64
    }

    struct Seccomp: Encodable {
        var defaultAction: String
        var defaultErrnoRet: UInt32?
        var architectures: [String]
        var syscalls: [Rule]

        struct Rule: Encodable {
            var names: [String]
            var action: String
            var errnoRet: UInt32?
            var args: [Argument]?
        }

        struct Argument: Codable {
            var index: UInt32
            var value: UInt64
            var valueTwo: UInt64?
            var op: String
        }
    }
}
