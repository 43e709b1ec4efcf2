import Model
import Testing

@testable import Runtime

@Suite("Doctor: upkeep")
struct UpkeepTests {
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)

    private func certificate(_ name: String, life: Int, left: Int, custom: Bool = false) -> UpkeepFacts.Certificate {
        let end = Self.now.advanced(by: .seconds(left * 3600))
        let start = end.advanced(by: .seconds(-life * 3600))
        return .init(name: name, notBefore: start, notAfter: end, isCustom: custom)
    }

    private func findings(_ change: (inout UpkeepFacts) -> Void) -> [HostFinding] {
        var facts = UpkeepFacts(at: Self.now)
        change(&facts)
        return Doctor.judge(facts)
    }

    @Test("says nothing of what is not there")
    func nothing() {
        #expect(findings { _ in }.isEmpty)
    }

    @Test(
        "a certificate is late when its renewal is, and an imported one a fortnight before its end",
        arguments: [
            (2160, 700, false, HostFinding.Verdict.ok, "of 90 days, a third left: renewed about now"),
            (2160, 500, false, .warn, "past three quarters: a renewal has failed for days"),
            (144, 40, false, .ok, "of six days, over a quarter left"),
            (144, 30, false, .warn, "of six days"),
            (8760, 400, true, .ok, "imported, 16 days left"),
            (8760, 300, true, .warn, "imported, 12 days left"),
            (2160, -1, false, .fail, "ended"),
        ]
    )
    func certificates(life: Int, left: Int, custom: Bool, verdict: HostFinding.Verdict, why: String) throws {
        let found = findings {
            $0.certificates = [certificate("a.example.com", life: life, left: left, custom: custom)]
        }
        let one = try #require(found.first)
        #expect(found.count == 1 && one.name == "certificates" && one.verdict == verdict, "\(why): \(one)")
        #expect((one.mend == nil) == (verdict == .ok))
        #expect(one.seen.contains("a.example.com"))
        if custom, let mend = one.mend { #expect(mend.contains("roost certs import a.example.com")) }
    }

    @Test("of several good certificates it names the first to end, of late ones each")
    func several() {
        let good = findings {
            $0.certificates = [
                certificate("b.example.com", life: 2160, left: 1000),
                certificate("a.example.com", life: 2160, left: 800),
            ]
        }
        #expect(good.map(\.seen) == ["2; the first to end is that of a.example.com, in 33 days"])
        let late = findings {
            $0.certificates = [
                certificate("b.example.com", life: 2160, left: 30), certificate("a.example.com", life: 2160, left: 800),
                certificate("c.example.com", life: 2160, left: -5),
            ]
        }
        #expect(late.map(\.verdict) == [.fail, .warn])
        #expect(late.last?.seen == "that of b.example.com ends in 30 hours")
    }

    @Test("an old copy of the store is a trouble only when it lacks something")
    func copies() {
        func judged(age hours: Int, behind: Int64) -> [HostFinding] {
            findings {
                $0.revision = 100
                $0.copy = .init(made: Self.now.advanced(by: .seconds(-hours * 3600)), revision: 100 - behind)
            }
        }
        #expect(judged(age: 100, behind: 0).isEmpty)
        #expect(judged(age: 1, behind: 5).isEmpty)
        #expect(judged(age: 30, behind: 5).map(\.seen) == ["the newest is 30 hours old, and lacks 5 changes"])
    }

    @Test(
        "backups: none, not begun, failing, old, never tried out",
        arguments: [
            (nil, false, nil, nil, false, "nothing of this host", "roost backup init"),
            ("/b", false, nil, nil, false, "before the recovery sheet", "init /b --saved"),
            ("/b", true, nil, nil, true, "none was made yet in /b; the last try failed: full", "roost backup create"),
            ("/b", true, 30, 20, true, "30 hours old; the last try failed: full", "roost backup create"),
            ("/b", true, 20, nil, false, "nobody knows whether", "roost backup verify"),
            ("/b", true, 20, 900, false, "none was tried out for 35 days", "roost backup verify"),
            ("/b", true, 20, 100, false, "in /b", ""),
        ] as [(String?, Bool, Int?, Int?, Bool, String, String)]
    )
    func backups(
        repository: String?,
        ready: Bool,
        good: Int?,
        test: Int?,
        fails: Bool,
        seen: String,
        mend: String
    ) throws {
        func ago(_ hours: Int?) -> Timestamp? { hours.map { Self.now.advanced(by: .seconds(-$0 * 3600)) } }
        let found = findings {
            var backups = UpkeepFacts.Backups(every: .seconds(86_400))
            (backups.repository, backups.isReady) = (repository, ready)
            backups.status.lastGood = ago(good).map { .init(at: $0, snapshot: "af969033") }
            backups.status.lastTest = ago(test)
            if fails { backups.status.lastFailure = .init(at: Self.now, fault: Fault(.diskFull, "full")) }
            $0.backups = backups
        }
        let one = try #require(found.first)
        #expect(found.count == 1 && one.name == "backups" && one.seen.contains(seen), "\(one)")
        #expect(one.mend?.contains(mend) ?? mend.isEmpty, "\(one)")
        #expect((one.verdict == .ok) == mend.isEmpty)
    }

    @Test("the domain leads here, elsewhere or nowhere; behind a translation of addresses nobody can tell")
    func domain() {
        func verdict(_ leadsTo: [String], _ own: [String]) -> HostFinding.Verdict? {
            findings { $0.domain = .init(name: "apps.example.com", leadsTo: leadsTo, own: own) }.first?.verdict
        }
        #expect(verdict([], ["192.0.2.1"]) == .warn)
        #expect(verdict(["192.0.2.9"], ["192.0.2.1"]) == .warn)
        #expect(verdict(["192.0.2.1", "2001:db8::1"], ["192.0.2.1"]) == .ok)
        #expect(verdict(["192.0.2.9"], []) == .ok)
    }

    @Test("an authority asks at port 80")
    func challenges() {
        func names(_ ports: [Int], acme: Bool) -> [String] {
            findings {
                $0.ordersCertificates = acme
                $0.plainPorts = ports
            }.map(\.name)
        }
        #expect(names([8080], acme: true) == ["port 80"])
        #expect(names([80], acme: true).isEmpty)
        #expect(names([8080], acme: false).isEmpty)
    }

    @Test("tells what takes the disk, the largest first")
    func rooms() {
        let usage = "12\t/s/images\n1500\t/s/volumes\n0\t/s/keys\n1512\t/s\ndu: cannot read\n"
        let rooms = UpkeepFacts.rooms(usage, of: "/s")
        #expect(rooms.map(\.purpose) == ["volumes", "images", "keys"])
        #expect(findings { $0.rooms = rooms }.map(\.seen) == ["volumes 1500 MiB, images 12 MiB"])
    }

    @Test("tells security updates from others in what apt would do")
    func updates() {
        let updates = PendingUpdates(
            """
            NOTE: This is only a simulation!
            Inst openssl [3.0.15-1] (3.0.17-1~deb12u2 Debian-Security:12/stable-security [amd64])
            Inst tzdata [2024a] (2025a Debian:12.9/stable, Debian:12-updates/stable-updates [all])
            Inst libssl3 [3.0.13] (3.0.18 Ubuntu:24.04/noble-security [amd64])
            Conf openssl (3.0.17-1~deb12u2 Debian-Security:12/stable-security [amd64])
            """
        )
        #expect(updates.security == ["openssl", "libssl3"] && updates.others == 1)
    }

    @Test(
        "a firewall that drops what it does not know keeps from outside what no rule opens",
        arguments: [
            ("type filter hook input priority filter; policy accept;", true, "accepts"),
            ("type filter hook input priority filter; policy drop;", false, "no rule at all"),
            ("type filter hook input priority 0; policy drop;\n tcp dport { 22, 80-90, 443 } accept", true, "a list"),
            (
                "type filter hook input priority 0; policy drop;\n tcp dport 443 counter packets 1 bytes 2 accept",
                true, "one"
            ),
            ("type filter hook input priority 0; policy drop;\n tcp dport 22 accept", false, "another port"),
            ("type filter hook input priority 0; policy drop;\n tcp dport 443 drop", false, "it drops"),
            ("type filter hook input priority 0; policy drop;\n iifname \"lo\" accept", false, "loopback alone"),
            ("type filter hook input priority 0; policy drop;\n tcp dport @web accept", true, "a set: nobody knows"),
            ("type filter hook input priority 0; policy drop;\n counter packets 9 bytes 9 accept", true, "everybody"),
            ("type filter hook forward priority 0; policy drop;", true, "what passes through is no matter here"),
        ]
    )
    func firewall(rules: String, isOpen: Bool, why: String) {
        let table = "table inet filter {\n chain one {\n  \(rules)\n }\n}"
        #expect(InputFirewall(table).closes(443) == !isOpen, "\(why)")
    }

    @Test("reads this very kernel's limits")
    func limits() throws {
        let limits = KernelLimits.read()
        #expect(try #require(limits.processes) >= 300)
        #expect(try #require(limits.files).used > 0)
        #expect(limits.files?.isShort == false)
    }
}
