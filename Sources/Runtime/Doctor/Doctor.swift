import Model
package import Toolkit

/// Says whether this host can run Machines, and what to do where it can't.
package enum Doctor {
    /// Looks at the host and judges; `ports` are those that the edge is to listen on.
    ///
    /// Works without root and with programs missing; it then says so.
    package static func inspect(paths: HostPaths, options: OCIRuntime.Options, ports: [Int]) async -> [Finding] {
        judge(await HostFacts.gather(paths: paths, options: options, ports: ports))
    }

    /// What facts mean.
    package static func judge(_ facts: HostFacts) -> [Finding] {
        system(facts) + cgroups(facts) + sandbox(facts) + network(facts) + builders(facts) + resources(facts)
    }

    /// One line for each finding, and below it how to mend it.
    package static func text(_ findings: [Finding]) -> String {
        let width = findings.map(\.name.count).max() ?? 0
        return findings.map { finding in
            let name = finding.name + String(repeating: " ", count: width - finding.name.count)
            let verdict = finding.verdict == .ok ? "ok  " : finding.verdict.rawValue
            let mend = finding.mend.map { "\n      \(String(repeating: " ", count: width))→ \($0)" } ?? ""
            return "\(verdict)  \(name)  \(finding.seen)\(mend)"
        }.joined(separator: "\n")
    }

    // MARK: - Private

    private static func system(_ facts: HostFacts) -> [Finding] {
        var findings = [
            facts.user == 0
                ? Finding("user", .ok, "root")
                : Finding(
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
                ? Finding("kernel", .ok, seen)
                : Finding("kernel", .fail, seen, mend: "Linux 5.10 or newer: Debian 11, Ubuntu 22.04")
        )
        if !["x86_64", "aarch64"].contains(facts.architecture) {
            findings.append(
                Finding("processor", .warn, "\(facts.architecture) is untried", mend: "use x86-64 or arm64")
            )
        }
        return findings
    }

    private static func cgroups(_ facts: HostFacts) -> [Finding] {
        guard facts.cgroupMode != .missing else {
            return [Finding("cgroups", .fail, "none are mounted", mend: "mount -t cgroup2 none /sys/fs/cgroup")]
        }
        let needed = facts.cgroupMode == .unified ? ["memory", "cpu", "pids"] : ["memory", "cpu", "pids", "freezer"]
        let missing = needed.filter { !facts.controllers.contains($0) }
        let mode = ["unified": "version 2", "hybrid": "version 1 with 2 beside it", "legacy": "version 1"]
        let seen = mode[facts.cgroupMode.rawValue] ?? facts.cgroupMode.rawValue
        guard missing.isEmpty else {
            return [
                Finding(
                    "cgroups",
                    .fail,
                    "\(seen), without \(missing.joined(separator: ", "))",
                    mend: missing.contains("memory")
                        ? "add cgroup_enable=memory to the kernel's command line" : "enable them in the kernel"
                )
            ]
        }
        return [Finding("cgroups", .ok, "\(seen): \(needed.joined(separator: ", "))")]
    }

    private static func sandbox(_ facts: HostFacts) -> [Finding] {
        let chosen = SandboxTools.choose(facts.cgroupMode) { facts.tools[$0] }
        let why = facts.cgroupMode == .unified ? "crun where it is, else runc" : "crun takes only cgroup version 2"
        var findings = [
            chosen.map { Finding("OCI runtime", .ok, "\($0): \(why)") }
                ?? Finding("OCI runtime", .fail, "none that fits: \(why)", mend: "apt-get install runc"),
            required("conmon", facts, "keeps each Machine's output and exit code", mend: "apt-get install conmon"),
            trial("overlayfs", facts.overlay, mend: "keep the state folder on ext4 or xfs, not on an overlay or NFS"),
            trial("namespaces", facts.namespaces, mend: "allow them: this may be a container without privileges"),
        ]
        if !facts.seccomp {
            findings.append(
                Finding("seccomp", .fail, "the kernel has no filter for system calls", mend: "use another kernel")
            )
        } else if let profile = facts.seccompProfile {
            findings.append(Finding("seccomp", .ok, profile))
        } else {
            findings.append(
                Finding(
                    "seccomp",
                    .fail,
                    "no profile: Machines will not start without",
                    mend: "apt-get install golang-github-containers-common"
                )
            )
        }
        let first = facts.tools["tini-static"] ?? facts.tools["catatonit"]
        findings.append(
            first.map { Finding("init", .ok, $0) }
                ?? Finding(
                    "init",
                    .warn,
                    "no tini: an app that handles no SIGINT is killed only after its stop timeout",
                    mend: "apt-get install tini"
                )
        )
        return findings
    }

    private static func builders(_ facts: HostFacts) -> [Finding] {
        let all = [
            ("mmdebstrap", "makes base images without a registry", "apt-get install mmdebstrap"),
            ("uv", "installs Python packages", "https://docs.astral.sh/uv/getting-started/installation"),
            ("buildah", "builds Dockerfiles", "apt-get install buildah"),
            ("skopeo", "fetches images from registries", "apt-get install skopeo"),
            ("python3", "compiles byte code at build time", "apt-get install python3"),
        ]
        return all.map { tool, purpose, mend in
            facts.tools[tool].map { Finding(tool, .ok, $0) }
                ?? Finding(tool, .warn, "not installed; it \(purpose)", mend: mend)
        }
    }

    // MARK: - Shared by the groups

    static func required(_ tool: String, _ facts: HostFacts, _ purpose: String, mend: String) -> Finding {
        facts.tools[tool].map { Finding(tool, .ok, $0) }
            ?? Finding(tool, .fail, "not installed; it \(purpose)", mend: mend)
    }

    static func trial(_ name: String, _ trial: HostFacts.Trial, mend: String) -> Finding {
        switch trial {
        case .works: Finding(name, .ok, "tried out")
        case .fails(let reason): Finding(name, .fail, reason, mend: mend)
        case .untried: Finding(name, .warn, "not tried", mend: "run it with sudo, once all programs are there")
        }
    }
}
