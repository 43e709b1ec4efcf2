import Model

extension Doctor {
    /// What the state of a host's holdings means.
    package static func judge(_ facts: UpkeepFacts) -> [HostFinding] {
        var findings = certificates(facts)
        findings += [copy(facts), backups(facts), domain(facts), challenges(facts), rooms(facts)].compactMap { $0 }
        return findings
    }

    // MARK: - Private

    private static func certificates(_ facts: UpkeepFacts) -> [HostFinding] {
        guard let first = facts.certificates.min(by: { $0.notAfter < $1.notAfter }) else { return [] }
        let troubled = facts.certificates.sorted { $0.notAfter < $1.notAfter }.compactMap { trouble($0, facts.now) }
        guard troubled.isEmpty else { return troubled }
        let left = first.notAfter.since(facts.now)
        return [
            HostFinding(
                "certificates",
                .ok,
                "\(facts.certificates.count); the first to end is that of \(first.name), in \(days(left))"
            )
        ]
    }

    /// Renewal is due at two thirds of a life and tried again each half a day: past three quarters something is in its way.
    private static func trouble(_ one: UpkeepFacts.Certificate, _ now: Timestamp) -> HostFinding? {
        let life = one.notAfter.since(one.notBefore)
        let left = one.notAfter.since(now)
        let mend =
            one.isCustom
            ? "bring the next one: roost certs import \(one.name)"
            : "see what is in the way: roost certs check \(one.name)"
        if left <= .zero {
            let ended = "that of \(one.name) ended at \(one.notAfter.rfc3339)"
            return HostFinding("certificates", .fail, ended, mend: mend)
        }
        guard left < (one.isCustom ? min(life / 3, .seconds(14 * 86_400)) : life / 4) else { return nil }
        return HostFinding("certificates", .warn, "that of \(one.name) ends in \(days(left))", mend: mend)
    }

    private static func copy(_ facts: UpkeepFacts) -> HostFinding? {
        guard let copy = facts.copy, let revision = facts.revision, copy.revision < revision else { return nil }
        let age = facts.now.since(copy.made)
        guard age > .seconds(3 * 3600) else { return nil }
        return HostFinding(
            "store copies",
            .warn,
            "the newest is \(age.components.seconds / 3600) hours old, and lacks \(revision - copy.revision) changes",
            mend: "roostd serve makes one each hour: does it run, and is there room on the disk?"
        )
    }

    private static func backups(_ facts: UpkeepFacts) -> HostFinding? {
        guard let backups = facts.backups else { return nil }
        func warn(_ seen: String, _ mend: String) -> HostFinding { HostFinding("backups", .warn, seen, mend: mend) }
        guard let repository = backups.repository else {
            return warn(
                "nothing of this host is kept elsewhere",
                "roost backup init REPO, a folder on another disk or a bucket"
            )
        }
        guard backups.isReady else {
            return warn(
                "none is made before the recovery sheet is in a safe place",
                "roost backup init \(repository) --saved"
            )
        }
        let trouble = backups.status.trouble.map { "; the last try failed: \($0.fault.message)" } ?? ""
        guard let good = backups.status.lastGood else {
            return warn("none was made yet in \(repository)\(trouble)", "roost backup create")
        }
        let age = facts.now.since(good.at)
        guard backups.every == .zero || age < backups.every + .seconds(7200) else {
            return warn(
                "the last good one is \(days(age)) old\(trouble)",
                "roost backup create says what is in the way"
            )
        }
        guard let test = backups.status.lastTest, facts.now.since(test) < .seconds(35 * 86_400) else {
            return warn(
                "none was tried out for 35 days: nobody knows whether they can be restored",
                "roost backup verify"
            )
        }
        return HostFinding("backups", .ok, "the last of \(good.at.rfc3339) in \(repository)")
    }

    private static func domain(_ facts: UpkeepFacts) -> HostFinding? {
        guard let domain = facts.domain else { return nil }
        let name = "*.\(domain.name)"
        guard !domain.leadsTo.isEmpty else {
            let mend = "give \(name) an A record with this host's address, at whoever serves the zone"
            return HostFinding("DNS", .warn, "\(name) leads nowhere", mend: mend)
        }
        let there = domain.leadsTo.joined(separator: ", ")
        guard domain.own.isEmpty || domain.leadsTo.contains(where: domain.own.contains) else {
            let seen = "\(name) leads to \(there), and this host has \(domain.own.joined(separator: ", "))"
            return HostFinding(
                "DNS",
                .warn,
                seen,
                mend: "mend its A record, unless something before this host passes on"
            )
        }
        return HostFinding("DNS", .ok, "\(name) leads to \(there)")
    }

    private static func challenges(_ facts: UpkeepFacts) -> HostFinding? {
        guard facts.ordersCertificates, !facts.plainPorts.contains(80) else { return nil }
        return HostFinding(
            "port 80",
            .warn,
            "the edge does not listen there, and the authority of certificates asks there",
            mend: "listen = [\"0.0.0.0:80\", \"[::]:80\"] in roost.toml, unless something before it passes port 80 on"
        )
    }

    private static func rooms(_ facts: UpkeepFacts) -> HostFinding? {
        let large = facts.rooms.filter { $0.mebibytes > 0 }
        guard !large.isEmpty else { return nil }
        return HostFinding("disk use", .ok, large.map { "\($0.purpose) \($0.mebibytes) MiB" }.joined(separator: ", "))
    }

    private static func days(_ duration: Duration) -> String {
        let hours = duration.components.seconds / 3600
        return hours < 48 ? "\(hours) hours" : "\(hours / 24) days"
    }
}
