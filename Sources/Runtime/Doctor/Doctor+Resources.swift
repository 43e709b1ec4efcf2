extension Doctor {
    static func network(_ facts: HostFacts) -> [HostFinding] {
        var findings = [
            required("ip", facts, "makes network devices", mend: "apt-get install iproute2"),
            required("nft", facts, "keeps Machines apart", mend: "apt-get install nftables"),
            trial("bridge and veth", facts.links, mend: "load the kernel modules bridge and veth"),
            trial("nftables", facts.nftables, mend: "load the kernel modules nf_tables and nft_masq"),
            facts.forwardsIPv4
                ? HostFinding("forwarding", .ok, "on")
                : HostFinding("forwarding", .ok, "off now; roostd switches it on"),
        ]
        if facts.forwardDropped {
            findings.append(
                HostFinding(
                    "firewall",
                    .warn,
                    "another table drops what passes through this host: Machines may not get out",
                    mend: "let forwarded packets of Roost's bridge pass there (Docker and ufw set this policy)"
                )
            )
        }
        findings.append(
            facts.nameservers.isEmpty
                ? HostFinding(
                    "nameservers",
                    .warn,
                    "none that Machines could reach: only loopback addresses, or none at all",
                    mend: "name one in /etc/resolv.conf"
                )
                : HostFinding("nameservers", .ok, facts.nameservers.joined(separator: ", "))
        )
        if !facts.hasIPv6 {
            findings.append(
                HostFinding(
                    "IPv6",
                    .warn,
                    "switched off: Machines reach each other by IPv4 only",
                    mend: "boot with ipv6.disable=0"
                )
            )
        }
        return findings
            + facts.wantedPorts.map { port in
                switch facts.takenPorts[port] {
                case nil: HostFinding("port \(port)", .ok, "free")
                case "roostd": HostFinding("port \(port)", .ok, "roostd listens")
                case let program?:
                    HostFinding(
                        "port \(port)",
                        .fail,
                        "\(program) listens on it",
                        mend: "stop \(program), or give the edge other ports"
                    )
                }
            }
    }

    static func resources(_ facts: HostFacts) -> [HostFinding] {
        [memory(facts), processors(facts), disk(facts.disk), files(facts.disk), clock(facts)].compactMap { $0 }
    }

    // MARK: - Private

    private static func memory(_ facts: HostFacts) -> HostFinding {
        facts.memoryMiB >= 1024
            ? HostFinding("memory", .ok, "\(facts.memoryMiB) MiB")
            : HostFinding("memory", .warn, "\(facts.memoryMiB) MiB", mend: "1 GiB or more: builds need it")
    }

    /// Whether a Machine counts its own CPUs, whoever asks.
    private static func processors(_ facts: HostFacts) -> HostFinding? {
        // Where Machines can't run at all, that was said.
        guard facts.controllers.contains("memory") else { return nil }
        let seen = "\(facts.cpus), of which a Machine sees as many as it was given"
        guard !facts.controllers.contains("cpuset"), facts.cpus > 1 else { return HostFinding("CPUs", .ok, seen) }
        return HostFinding(
            "CPUs",
            .warn,
            "\(facts.cpus), and no control group cpuset: nproc and pools of threads count all of them in each Machine",
            mend: "use a kernel with CONFIG_CPUSETS; with version 2, let the host's root group pass cpuset on"
        )
    }

    private static func disk(_ disk: HostFacts.Disk) -> HostFinding {
        let seen = "\(disk.freeMiB >> 10) GiB free at \(disk.folder)"
        switch disk.freeMiB {
        case ..<2048: return HostFinding("disk", .fail, seen, mend: "free space, or move the state folder")
        case ..<10_240: return HostFinding("disk", .warn, seen, mend: "a base image and a build take 2 GiB")
        default: return HostFinding("disk", .ok, seen)
        }
    }

    private static func files(_ disk: HostFacts.Disk) -> HostFinding? {
        guard disk.countsFiles else { return nil }
        let seen = "\(disk.freeFiles) can be made at \(disk.folder)"
        return disk.freeFiles >= 200_000
            ? HostFinding("files", .ok, seen)
            : HostFinding(
                "files",
                .warn,
                seen,
                mend: "an unpacked Python image has 20,000 files; use a disk with more inodes"
            )
    }

    private static func clock(_ facts: HostFacts) -> HostFinding {
        guard facts.year >= 2025 else {
            return HostFinding(
                "clock",
                .fail,
                "the year is \(facts.year): certificates and tokens will not be valid",
                mend: "set the clock: timedatectl set-ntp true"
            )
        }
        return facts.clockSynchronised
            ? HostFinding("clock", .ok, "synchronised")
            : HostFinding("clock", .warn, "not synchronised with a time server", mend: "timedatectl set-ntp true")
    }
}
