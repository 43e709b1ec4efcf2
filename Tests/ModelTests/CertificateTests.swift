import Model
import Testing

private let day: Int64 = 86_400_000

private func at(_ days: Double) -> Timestamp { Timestamp(milliseconds: Int64(days * Double(day))) }

private func issued(_ name: String, _ life: ClosedRange<Double>, serial: String = "01") -> HostCertificate.Issued {
    let facts = CertificateFacts(
        names: [name],
        issuer: "Test",
        validity: at(life.lowerBound)...at(life.upperBound),
        serial: serial,
        kind: .ecdsa
    )
    return HostCertificate.Issued(chain: "chain \(serial)", key: "key\(serial)", facts: facts)
}

private func record(_ name: String, _ change: (inout HostCertificate) -> Void = { _ in }) -> HostCertificate {
    var record = HostCertificate(hostname: name, app: "notes", at: at(0), acme: true)
    change(&record)
    return record
}

private func plan(
    _ names: [String],
    _ records: [HostCertificate] = [],
    authority: Bool = true,
    at days: Double = 0
) -> CertificatePlan {
    CertificatePlan(
        owned: names.map { OwnedName(hostname: $0, app: "notes") },
        records: Dictionary(uniqueKeysWithValues: records.map { ($0.hostname, $0) }),
        hasAuthority: authority,
        at: at(days)
    )
}

@Suite("Renewal")
struct RenewalTests {
    @Test("is due a little before two thirds of a life, whatever its length", arguments: [0.04, 6.0, 90.0, 3650.0])
    func due(life: Double) {
        for name in ["a.example.com", "www.example.com", "notes.example.org"] {
            let due = Renewal.due(at(100), at(100 + life), name: name)
            let share = Double(due.milliseconds - at(100).milliseconds) / (life * Double(day))
            #expect(share > 0.61 && share <= 0.667, "\(name): \(share)")
            #expect(due == Renewal.due(at(100), at(100 + life), name: name))
        }
    }

    @Test("of many names does not fall together")
    func spread() {
        let moments = Set(
            (0..<100).map { Renewal.due(at(0), at(90), name: "app-\($0).example.com").milliseconds / day }
        )
        #expect(moments.count >= 4)
    }

    @Test("waits longer after each failure, and never less than was asked for")
    func pauses() {
        let pauses = (1...12).map { Renewal.pause(failures: $0, remaining: nil, asked: nil, name: "a.b") }
        #expect(pauses == pauses.sorted())
        #expect(pauses[0] >= .seconds(60) && pauses[0] <= .seconds(75))
        #expect(pauses[11] >= .seconds(720 * 60) && pauses[11] <= .seconds(900 * 60))
        #expect(Renewal.pause(failures: 1, remaining: nil, asked: .seconds(86_400), name: "a.b") == .seconds(86_400))
        // A certificate of one hour that has ten minutes left can't wait for two.
        let short = Renewal.pause(failures: 5, remaining: .seconds(600), asked: nil, name: "a.b")
        #expect(short < .seconds(120), "\(short)")
    }
}

@Suite("Plan of certificates")
struct CertificatePlanTests {
    @Test("orders what an app owns and nothing else")
    func orders() {
        let name = OwnedName(hostname: "www.example.com", app: "notes")
        #expect(plan(["www.example.com"]).steps == [.order(name)])
        #expect(plan(["www.example.com"], authority: false).steps.isEmpty)
        #expect(plan([], [record("stranger.example.com")]).steps.isEmpty)
    }

    @Test("leaves alone what is good, renews in time, and says when")
    func renews() {
        let good = record("www.example.com") { $0.issued = issued("www.example.com", 0...90) }
        let early = plan(["www.example.com"], [good], at: 30)
        #expect(early.steps.isEmpty && early.next.map { $0 > at(54) && $0 <= at(60) } == true)
        #expect(plan(["www.example.com"], [good], at: 60).steps.count == 1)
    }

    @Test("waits after a failure until its time has come, and over a restart")
    func backsOff() {
        let failed = record("www.example.com") {
            $0.trouble = .init(failures: 3, message: "no", at: at(1), nextTry: at(2))
        }
        #expect(plan(["www.example.com"], [failed], at: 1.5).steps.isEmpty)
        #expect(plan(["www.example.com"], [failed], at: 1.5).next == at(2))
        #expect(plan(["www.example.com"], [failed], at: 2).steps.count == 1)
    }

    @Test("has local names signed here, with or without an authority")
    func local() {
        let name = OwnedName(hostname: "notes.localhost", app: "notes")
        for authority in [true, false] {
            #expect(plan(["notes.localhost"], authority: authority).steps == [.issueLocally(name)])
        }
        let good = record("notes.localhost") { $0.local = issued("notes.localhost", 0...90) }
        #expect(plan(["notes.localhost"], [good], at: 1).steps.isEmpty)
        #expect(plan(["notes.localhost"], [good], at: 61).steps == [.issueLocally(name)])
    }

    @Test("orders nothing under a wildcard that was brought, unless it was asked for by name or has expired")
    func covered() {
        let wildcard = record("*.apps.example.com") {
            $0.acme = false
            $0.custom = issued("*.apps.example.com", 0...90)
        }
        #expect(plan(["notes.apps.example.com"], [wildcard], at: 1).steps.isEmpty)
        #expect(plan(["notes.apps.example.com"], [wildcard], at: 91).steps.count == 1)
        let own = record("notes.apps.example.com")
        #expect(plan(["notes.apps.example.com"], [wildcard, own], at: 1).steps.count == 1)
    }

    @Test("orders neither wildcards nor what was told to be left")
    func never() {
        #expect(plan(["*.example.com"]).steps.isEmpty)
        #expect(plan(["www.example.com"], [record("www.example.com") { $0.acme = false }]).steps.isEmpty)
    }
}

@Suite("Certificates of a host name")
struct HostCertificateTests {
    @Test("a person's own comes first, the authority's when it has expired, an expired one only alone")
    func presented() {
        var all = record("www.example.com")
        #expect(all.presented(at: at(1)) == nil && all.status(at: at(1)) == "pending_validation")
        all.custom = issued("www.example.com", 0...10, serial: "cc")
        all.issued = issued("www.example.com", 0...90, serial: "aa")
        #expect(all.presented(at: at(5))?.serial == "cc")
        #expect(all.presented(at: at(11))?.serial == "aa")
        #expect(all.presented(at: at(100))?.serial == "aa" && all.status(at: at(100)) == "expired")
    }

    @Test("an edge is told what changed, in parts, and what is gone")
    func news() {
        let all = (0..<450).map { EdgeCertificate(hostname: "a\($0).b", id: "1", chain: "c", key: "k") }
        var certificates = Dictionary(uniqueKeysWithValues: all.map { ($0.hostname, $0) })
        let first = CertificateNews.parts(
            known: nil,
            of: .init(certificates: certificates, kept: ["lost.b"], challenges: ["t": "a"], revision: 7)
        )
        #expect(first.map(\.put.count) == [200, 200, 50] && first.map(\.revision) == [0, 0, 7])
        // What can't be read here stays where it is.
        #expect(first.last?.all?.contains("lost.b") == true && first.last?.challenges == ["t": "a"])
        let known = certificates.mapValues(\.id)
        certificates["a3.b"] = nil
        certificates["a4.b"]?.id = "2"
        let next = CertificateNews.parts(known: known, of: .init(certificates: certificates, revision: 8))
        #expect(next.count == 1 && next[0].removed == ["a3.b"] && next[0].put.map(\.hostname) == ["a4.b"])
        #expect(next[0].all == nil && next[0].challenges == [:])
    }

    @Test(
        "one form of a name",
        arguments: [
            ("WWW.Example.COM", "www.example.com"), ("example.com.", "example.com"), ("example.com:443", "example.com"),
            ("*.Example.com", "*.example.com"),
        ]
    )
    func canonical(text: String, expected: String) { #expect(HostName.canonical(text) == expected) }

    @Test("a wildcard stands for one label")
    func wildcard() {
        #expect(HostName.covers("*.example.com", "a.example.com"))
        #expect(!HostName.covers("*.example.com", "example.com"))
        #expect(!HostName.covers("*.example.com", "a.b.example.com"))
        #expect(HostName.isLocal("a.localhost") && HostName.isLocal("x.home.arpa") && !HostName.isLocal("notlocalhost"))
    }
}
