/// What a host needs to go on running well, beyond being able to run Machines at all.
extension Doctor {
    static func kernel(_ facts: HostFacts) -> [HostFinding] {
        let limits = facts.limits
        var findings = [
            facts.isRandomReady
                ? HostFinding("entropy", .ok, "enough")
                : HostFinding(
                    "entropy",
                    .warn,
                    "the kernel has no random numbers yet: TLS and keys wait for them",
                    mend: "give a virtual machine a virtio-rng device, or apt-get install rng-tools-debian"
                )
        ]
        findings += short(limits)
        if findings.count == 1 { findings.append(HostFinding("kernel limits", .ok, "wide enough")) }
        return findings + [swap(facts)]
    }

    static func updates(_ facts: HostFacts) -> [HostFinding] {
        guard let updates = facts.updates else { return [] }
        var findings: [HostFinding] = []
        if updates.wantsReboot {
            findings.append(
                HostFinding(
                    "reboot",
                    .warn,
                    "an update waits for the host to be started anew",
                    mend: "reboot when it suits: Machines start again by themselves"
                )
            )
        }
        guard updates.security.isEmpty else {
            let some = updates.security.prefix(5).joined(separator: ", ")
            let more = updates.security.count > 5 ? " and \(updates.security.count - 5) more" : ""
            let mend = "apt-get update && apt-get upgrade; unattended-upgrades does it each day"
            return findings + [HostFinding("updates", .warn, "security updates wait: \(some)\(more)", mend: mend)]
        }
        guard let days = updates.listsDays, days <= 7 else {
            let seen = updates.listsDays.map { "apt's lists are \($0) days old" } ?? "apt has no lists"
            let mend = "apt-get update; unattended-upgrades does it each day"
            return findings + [HostFinding("updates", .warn, "\(seen): nobody knows what waits", mend: mend)]
        }
        return findings + [HostFinding("updates", .ok, "no security update waits, \(updates.others) others do")]
    }

    static func closedPorts(_ facts: HostFacts) -> [HostFinding] {
        facts.closedPorts.map { port in
            HostFinding(
                "firewall",
                .warn,
                "drops what comes in, and no rule opens port \(port)",
                mend: "open it: ufw allow \(port)/tcp, or nft add rule inet filter input tcp dport \(port) accept"
            )
        }
    }

    // MARK: - Private

    /// Limits that a host with a few hundred Machines meets.
    private static func short(_ limits: KernelLimits) -> [HostFinding] {
        let least = [
            ("kernel.pid_max", limits.processes, 32_768, "processes"),
            // The units ask for that many, and don't start where they can't have them.
            ("fs.nr_open", limits.filesOfAProcess, 1_048_576, "open files of a process"),
            ("fs.inotify.max_user_instances", limits.watchers, 128, "file watchers of a user"),
            ("fs.inotify.max_user_watches", limits.watches, 8192, "watched files of a user"),
        ]
        var findings = least.compactMap { name, number, wanted, what -> HostFinding? in
            guard let number, number < wanted else { return nil }
            return HostFinding("kernel limits", .warn, "\(number) \(what)", mend: "sysctl -w \(name)=\(wanted)")
        }
        if let files = limits.files, files.isShort {
            let seen = "\(files.used) of \(files.most) files are open"
            findings.append(HostFinding("kernel limits", .warn, seen, mend: "sysctl -w fs.file-max=\(files.most &* 2)"))
        }
        if let connections = limits.connections, connections.isShort {
            let seen =
                "\(connections.used) of \(connections.most) connections are followed: new ones get lost at the end"
            let mend = "sysctl -w net.netfilter.nf_conntrack_max=\(connections.most * 2)"
            findings.append(HostFinding("kernel limits", .warn, seen, mend: mend))
        }
        return findings
    }

    private static func swap(_ facts: HostFacts) -> HostFinding {
        let swap = facts.swapMiB
        guard swap.most > 0 else {
            return facts.memoryMiB >= 4096
                ? HostFinding("swap", .ok, "none")
                : HostFinding(
                    "swap",
                    .warn,
                    "none, with \(facts.memoryMiB) MiB of memory: a build that needs more is killed",
                    mend: "fallocate -l 2G /swapfile && chmod 600 /swapfile && mkswap /swapfile && swapon /swapfile"
                )
        }
        return swap.isShort
            ? HostFinding(
                "swap",
                .warn,
                "\(swap.used) of \(swap.most) MiB are used: the host has less memory than it needs",
                mend: "give it more memory, or run less: roost scale memory"
            )
            : HostFinding("swap", .ok, "\(swap.used) of \(swap.most) MiB are used")
    }
}
