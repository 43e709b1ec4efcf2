import Foundation
import Model
import Toolkit

/// The distribution's list of allowed system calls, in the form that containers-common installs it.
///
/// > Source: github.com/containers/common, `pkg/seccomp/types.go`.
struct SeccompProfile: Decodable {
    var defaultAction: String
    var defaultErrnoRet: UInt32?
    var archMap: [Architecture]?
    var syscalls: [Rule]

    struct Architecture: Decodable {
        var architecture: String
        var subArchitectures: [String]?
    }

    struct Rule: Decodable {
        var names: [String]
        var action: String
        var errnoRet: UInt32?
        var args: [BundleConfig.Seccomp.Argument]?
        var includes: Filter?
        var excludes: Filter?
    }

    struct Filter: Decodable {
        var arches: [String]?
        var caps: [String]?
        var minKernel: String?
    }

    /// What of the host and the sandbox decides which rules apply.
    struct Target {
        /// As Go names it: `amd64`, `arm64`.
        var architecture: String
        /// Major and minor number.
        var kernel: (Int, Int)
        var capabilities: Set<String>
    }

    /// The rules that apply, in the form of the OCI runtime specification.
    ///
    /// Only the host's own architecture is let in: 32-bit programs end with SIGSYS. That takes a class of kernel
    /// entry points away from an attacker, and 10 ms away from each start (libseccomp builds one filter for each).
    func rules(for target: Target) -> BundleConfig.Seccomp {
        let native = archMap?.map(\.architecture).first { $0 == Self.names[target.architecture] }
        let confined = !target.capabilities.contains("CAP_SYS_ADMIN")
        var clones = false
        var sockets = false
        var rules: [BundleConfig.Seccomp.Rule] = []
        for rule in syscalls where Self.applies(rule, to: target) {
            var names = rule.names
            if rule.action == Self.allow { names.removeAll { Self.keyCalls.contains($0) } }
            // What is said of sockets is said below; what the distribution says would let through what that leaves out.
            if names.contains("socket") {
                sockets = sockets || rule.action == Self.allow
                names.removeAll { $0 == "socket" }
            }
            if names.isEmpty { continue }
            if confined, rule.action == Self.allow {
                clones = clones || names.contains("clone")
                names.removeAll { Self.namespaceCalls.contains($0) }
                if names.isEmpty { continue }
            }
            let args = rule.args.flatMap { $0.isEmpty ? nil : $0 }
            rules.append(.init(names: names, action: rule.action, errnoRet: rule.errnoRet, args: args))
        }
        if clones {
            let plain = BundleConfig.Seccomp.Argument(
                index: 0,
                value: Self.namespaceFlags,
                valueTwo: 0,
                op: "SCMP_CMP_MASKED_EQ"
            )
            rules.append(.init(names: ["clone"], action: Self.allow, args: [plain]))
        }
        if sockets { rules += Self.socketRules }
        return BundleConfig.Seccomp(
            defaultAction: defaultAction,
            defaultErrnoRet: defaultErrnoRet,
            architectures: native.map { [$0] } ?? [],
            syscalls: rules
        )
    }

    /// - Throws: ``Fault`` `hostUnfit` when the file is missing: nothing runs without its filter.
    static func load(_ path: String) throws(Fault) -> SeccompProfile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Fault(
                .hostUnfit,
                "\(path) can't be read, so nothing limits a Machine's system calls",
                hint: "apt-get install golang-github-containers-common"
            )
        }
        return try JSON.decode(SeccompProfile.self, from: data, what: path)
    }

    // MARK: - Private

    private static let allow = "SCMP_ACT_ALLOW"

    /// Keyrings are counted by user and are in no namespace: a named one would be common to Machines of one user.
    ///
    /// > Source: Docker 24, `profiles/seccomp/default.json`, which allows none of the three.
    private static let keyCalls: Set<String> = ["add_key", "keyctl", "request_key"]

    /// The families of sockets that a network namespace confines: `AF_UNIX`, `AF_INET`, `AF_INET6`, `AF_NETLINK`.
    ///
    /// `AF_VSOCK` for one leads to the hypervisor from every namespace (github.com/moby/moby, 44562). Of netlink the
    /// audit system (protocol 9) stays closed, as the distribution has it: with EINVAL, by which `groupadd` and whoever
    /// else reports to it know a kernel without one, and go on.
    private static let socketRules = [noAudit] + families

    private static let noAudit = BundleConfig.Seccomp.Rule(
        names: ["socket"],
        action: "SCMP_ACT_ERRNO",
        errnoRet: 22,
        args: [
            .init(index: 0, value: 16, valueTwo: 0, op: "SCMP_CMP_EQ"),
            .init(index: 2, value: 9, valueTwo: 0, op: "SCMP_CMP_EQ"),
        ]
    )

    private static let families = [1, 2, 10, 16].map { (family: UInt64) in
        let isFamily = BundleConfig.Seccomp.Argument(index: 0, value: family, valueTwo: 0, op: "SCMP_CMP_EQ")
        let isNoAudit = BundleConfig.Seccomp.Argument(index: 2, value: 9, valueTwo: 0, op: "SCMP_CMP_NE")
        return BundleConfig.Seccomp.Rule(
            names: ["socket"],
            action: allow,
            args: family == 16 ? [isFamily, isNoAudit] : [isFamily]
        )
    }

    /// What the distribution allows for the sake of containers in containers.
    ///
    /// In a user namespace of its own any process has all capabilities, and with them a great deal of the kernel to
    /// attack. `clone3`, whose flags no filter sees, is then "not there", and C libraries use `clone`.
    ///
    /// > Source: Docker 24, `profiles/seccomp/default.json`.
    private static let namespaceCalls: Set<String> = [
        "clone", "clone3", "unshare", "setns", "mount", "mount_setattr", "umount", "umount2", "pivot_root", "fsopen",
        "fsconfig", "fsmount", "fspick", "move_mount", "open_tree",
    ]

    /// `CLONE_NEWNS`, `NEWCGROUP`, `NEWUTS`, `NEWIPC`, `NEWUSER`, `NEWPID` and `NEWNET`.
    private static let namespaceFlags: UInt64 = 0x7e02_0000

    private static let names = ["amd64": "SCMP_ARCH_X86_64", "arm64": "SCMP_ARCH_AARCH64"]

    private static func applies(_ rule: Rule, to target: Target) -> Bool {
        if let includes = rule.includes {
            if let arches = includes.arches, !arches.isEmpty, !arches.contains(target.architecture) { return false }
            if let caps = includes.caps, !target.capabilities.isSuperset(of: caps) { return false }
            if let minimum = includes.minKernel, !isAtLeast(minimum, target.kernel) { return false }
        }
        if let excludes = rule.excludes {
            if excludes.arches?.contains(target.architecture) == true { return false }
            if let caps = excludes.caps, !target.capabilities.isDisjoint(with: caps) { return false }
            if let minimum = excludes.minKernel, isAtLeast(minimum, target.kernel) { return false }
        }
        return true
    }

    private static func isAtLeast(_ minimum: String, _ kernel: (Int, Int)) -> Bool {
        let numbers = minimum.split(separator: ".").compactMap { Int($0) }
        guard numbers.count >= 2 else { return false }
        return kernel >= (numbers[0], numbers[1])
    }
}
