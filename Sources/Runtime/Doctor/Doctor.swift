import Model
package import Toolkit

/// Says whether this host can run Machines, and what to do where it can't.
package enum Doctor {
    /// Looks at the host and judges; `ports` are those that the edge is to listen on.
    ///
    /// Works without root and with programs missing; it then says so.
    package static func inspect(paths: HostPaths, options: OCIRuntime.Options, ports: [Int]) async -> [HostFinding] {
        judge(await HostFacts.gather(paths: paths, options: options, ports: ports))
    }

    /// What facts mean.
    package static func judge(_ facts: HostFacts) -> [HostFinding] {
        system(facts) + cgroups(facts) + sandbox(facts) + network(facts) + closedPorts(facts) + builders(facts)
            + resources(facts) + kernel(facts) + updates(facts)
    }

    /// One line for each finding, and below it how to mend it.
    package static func text(_ findings: [HostFinding]) -> String {
        let width = findings.map(\.name.count).max() ?? 0
        return findings.map { finding in
            let name = finding.name + String(repeating: " ", count: width - finding.name.count)
            let verdict = finding.verdict == .ok ? "ok  " : finding.verdict.rawValue
            let mend = finding.mend.map { "\n      \(String(repeating: " ", count: width))→ \($0)" } ?? ""
            return "\(verdict)  \(name)  \(finding.seen)\(mend)"
        }.joined(separator: "\n")
    }

    // MARK: - Private

    private static func system(_ facts: HostFacts) -> [HostFinding] {
        var findings = [
            facts.user == 0
                ? HostFinding("user", .ok, "root")
                : HostFinding(
                    "user",
                    .fail,
                    "user \(facts.user), not root: some things could not be tried",
                    mend: "run it with sudo"
                )
        ]
        let numbers = facts.kernel.split(whereSeparator: { $0 == "." || $0 == "-" }).prefix(2).compactMap { Int($0) }
        let kernel = numbers.count == 2 ? (numbers[0], numbers[1]) : (0, 0)
        let seen = "\(facts.kernel) on \(facts.architecture)"
        findings.append(
            kernel >= (5, 10)
                ? HostFinding("kernel", .ok, seen)
                : HostFinding("kernel", .fail, seen, mend: "Linux 5.10 or newer: Debian 11, Ubuntu 22.04")
        )
        if !["x86_64", "aarch64"].contains(facts.architecture) {
            findings.append(
                HostFinding("processor", .warn, "\(facts.architecture) is untried", mend: "use x86-64 or arm64")
            )
        }
        return findings
    }

    private static func cgroups(_ facts: HostFacts) -> [HostFinding] {
        guard facts.cgroupMode != .missing else {
            return [HostFinding("cgroups", .fail, "none are mounted", mend: "mount -t cgroup2 none /sys/fs/cgroup")]
        }
        let needed = facts.cgroupMode == .unified ? ["memory", "cpu", "pids"] : ["memory", "cpu", "pids", "freezer"]
        let missing = needed.filter { !facts.controllers.contains($0) }
        let mode = ["unified": "version 2", "hybrid": "version 1 with 2 beside it", "legacy": "version 1"]
        let seen = mode[facts.cgroupMode.rawValue] ?? facts.cgroupMode.rawValue
        guard missing.isEmpty else {
            return [
                HostFinding(
                    "cgroups",
                    .fail,
                    "\(seen), without \(missing.joined(separator: ", "))",
                    mend: missing.contains("memory")
                        ? "add cgroup_enable=memory to the kernel's command line" : "enable them in the kernel"
                )
            ]
        }
        return [HostFinding("cgroups", .ok, "\(seen): \(needed.joined(separator: ", "))")]
    }

    private static func sandbox(_ facts: HostFacts) -> [HostFinding] {
        let chosen = SandboxTools.choose(facts.cgroupMode) { facts.tools[$0] }
        let why = facts.cgroupMode == .unified ? "crun where it is, else runc" : "crun takes only cgroup version 2"
        var findings = [
            chosen.map { HostFinding("OCI runtime", .ok, "\($0): \(why)") }
                ?? HostFinding("OCI runtime", .fail, "none that fits: \(why)", mend: "apt-get install runc"),
            required("conmon", facts, "keeps each Machine's output and exit code", mend: "apt-get install conmon"),
            trial("overlayfs", facts.overlay, mend: "keep the state folder on ext4 or xfs, not on an overlay or NFS"),
            wish(
                "disk limits",
                facts.loopDisk,
                without: "a Machine can fill the disk",
                mend: "load the kernel modules loop and ext4; apt-get install e2fsprogs"
            ),
            wish(
                "users",
                facts.users,
                without: "root of a Machine is the host's, without its rights, and limits by user are shared",
                mend:
                    "Linux 5.19 or newer, runc, a state folder on ext4, xfs or btrfs that everybody may pass (chmod o+x)"
            ),
            trial("namespaces", facts.namespaces, mend: "allow them: this may be a container without privileges"),
        ]
        if !facts.seccomp {
            findings.append(
                HostFinding("seccomp", .fail, "the kernel has no filter for system calls", mend: "use another kernel")
            )
        } else if let profile = facts.seccompProfile {
            findings.append(HostFinding("seccomp", .ok, profile))
        } else {
            findings.append(
                HostFinding(
                    "seccomp",
                    .fail,
                    "no profile: Machines will not start without",
                    mend: "apt-get install golang-github-containers-common"
                )
            )
        }
        let first = facts.tools["tini-static"] ?? facts.tools["catatonit"]
        findings.append(
            first.map { HostFinding("init", .ok, $0) }
                ?? HostFinding(
                    "init",
                    .warn,
                    "no tini: an app that handles no SIGINT is killed only after its stop timeout",
                    mend: "apt-get install tini"
                )
        )
        return findings
    }

    /// What keeps Machines apart better, and which they run without.
    private static func wish(
        _ name: String,
        _ trial: HostFacts.Trial,
        without: String,
        mend: String
    ) -> HostFinding {
        switch trial {
        case .works: HostFinding(name, .ok, "tried out")
        case .fails(let reason): HostFinding(name, .warn, "\(without): \(reason)", mend: mend)
        case .untried: HostFinding(name, .warn, "not tried", mend: "run it with sudo")
        }
    }

    private static func builders(_ facts: HostFacts) -> [HostFinding] {
        let all = [
            ("mmdebstrap", "makes base images without a registry", "apt-get install mmdebstrap"),
            ("uv", "installs Python packages", "https://docs.astral.sh/uv/getting-started/installation"),
            ("buildah", "builds Dockerfiles", "apt-get install buildah"),
            ("skopeo", "fetches images from registries", "apt-get install skopeo"),
            ("python3", "compiles byte code at build time", "apt-get install python3"),
            ("restic", "makes backups", "apt-get install restic"),
        ]
        return all.map { tool, purpose, mend in
            facts.tools[tool].map { HostFinding(tool, .ok, $0) }
                ?? HostFinding(tool, .warn, "not installed; it \(purpose)", mend: mend)
        }
    }

    // MARK: - Shared by the groups

    static func required(_ tool: String, _ facts: HostFacts, _ purpose: String, mend: String) -> HostFinding {
        facts.tools[tool].map { HostFinding(tool, .ok, $0) }
            ?? HostFinding(tool, .fail, "not installed; it \(purpose)", mend: mend)
    }

    static func trial(_ name: String, _ trial: HostFacts.Trial, mend: String) -> HostFinding {
        switch trial {
        case .works: HostFinding(name, .ok, "tried out")
        case .fails(let reason): HostFinding(name, .fail, reason, mend: mend)
        case .untried: HostFinding(name, .warn, "not tried", mend: "run it with sudo, once all programs are there")
        }
    }
}
