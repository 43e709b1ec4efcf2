import Model
import Testing

@Suite("Private names")
struct NameIndexTests {
    private static let started = machine(
        "148e21b7c65081",
        2,
        region: "fra",
        metadata: ["role": "primary", "Zone": "A.b"]
    )
    private static let other = machine("148e21b7c65082", 3, region: "iad", group: "worker")
    private static let asleep = machine("148e21b7c65083", 4, region: "fra", isStarted: false)
    private static let fra = NameIndex.Caller(network: 1, region: "fra")

    private static func machine(
        _ id: String,
        _ number: Int,
        region: String,
        group: String = "app",
        metadata: [String: String] = [:],
        isStarted: Bool = true,
        network: Int = 1
    ) -> NamedMachine {
        NamedMachine(
            id: Machine.ID(id) ?? .none,
            address: .init(ipv4: "10.0.0.\(number)", ipv6: "fdaa:0:\(network):a:b:0:\(number):2"),
            region: region,
            group: group,
            metadata: metadata,
            isStarted: isStarted
        )
    }

    private static func index() -> NameIndex {
        var hidden = machine("148e21b7c65084", 5, region: "fra")
        hidden.isHidden = true
        var index = NameIndex()
        _ = index.apply(
            NameChanges(
                base: 0,
                revision: 1,
                home: NameHome(region: "fra"),
                apps: [
                    NamedApp(app: "db", network: 1, machines: [other, asleep, started, hidden]),
                    NamedApp(
                        app: "front",
                        network: 1,
                        flycast: [
                            .init(address: "fdaa:0:1:0:1::3", network: 1),
                            .init(address: "fdaa:0:2:0:1::4", network: 2),
                        ]
                    ),
                    NamedApp(
                        app: "test",
                        network: 2,
                        machines: [machine("148e21b7c65085", 6, region: "fra", network: 2)]
                    ),
                ]
            )
        )
        return index
    }

    private static func addresses(_ machines: NamedMachine...) -> NameIndex.Finding {
        .known(addresses: machines.map(\.address))
    }

    private static func text(_ text: String) -> NameIndex.Finding { .known(addresses: [], texts: [text]) }

    struct Row: CustomTestStringConvertible, Sendable {
        var name: String
        var finding: NameIndex.Finding
        var testDescription: String { name }

        init(_ name: String, _ finding: NameIndex.Finding) {
            (self.name, self.finding) = (name, finding)
        }
    }

    @Test(
        "every name means what it means on Fly",
        arguments: [
            Row("db.internal", addresses(started, other)), Row("global.db.internal", addresses(started, other)),
            Row("fra.db.internal", addresses(started)), Row("iad.db.internal", addresses(other)),
            // A region that exists, without a Machine in it, is not an unknown name.
            Row("syd.db.internal", .known(addresses: [])), Row("nowhere.db.internal", .unknown),
            Row("top1.nearest.of.db.internal", addresses(started)),
            Row("top9.nearest.of.db.internal", addresses(started, other)),
            Row("top0.nearest.of.db.internal", .unknown), Row("nearest.of.db.internal", .known(addresses: [])),
            Row("148e21b7c65081.vm.db.internal", addresses(started)),
            Row("148e21b7c65083.vm.db.internal", .known(addresses: [])),
            Row("148e21b7c65099.vm.db.internal", .unknown),
            Row("worker.process.db.internal", addresses(other)), Row("cron.process.db.internal", .unknown),
            Row("primary.role.kv._metadata.db.internal", addresses(started)),
            Row("a.b.zone.kv._metadata.db.internal", addresses(started)),
            Row("replica.role.kv._metadata.db.internal", .known(addresses: [])),
            Row("vms.db.internal", text("148e21b7c65081 fra,148e21b7c65082 iad")),
            Row("all.vms.db.internal", text("148e21b7c65081 fra,148e21b7c65082 iad,148e21b7c65083 fra")),
            Row("regions.db.internal", text("fra,iad")), Row("all.regions.db.internal", text("fra,iad")),
            Row("_apps.internal", text("db,front")), Row("_peer.internal", text("")),
            Row(
                "_instances.internal",
                text(
                    "instance=148e21b7c65081,app=db,ip=fdaa:0:1:a:b:0:2:2,region=fra;"
                        + "instance=148e21b7c65082,app=db,ip=fdaa:0:1:a:b:0:3:2,region=iad"
                )
            ),
            Row("nope.internal", .unknown), Row("internal", .known(addresses: [])),
            // Other networks are not heard of, but for what they have given to this one.
            Row("test.internal", .unknown), Row("test.flycast", .unknown),
            Row("front.flycast", .known(addresses: [.init(ipv4: "", ipv6: "fdaa:0:1:0:1::3")])),
            Row("db.flycast", .known(addresses: [])), Row("example.com", .elsewhere),
            Row("2.0.0.10.in-addr.arpa", .known(addresses: [], pointers: ["148e21b7c65081.vm.db.internal"])),
            Row("6.0.0.10.in-addr.arpa", .elsewhere), Row("1.1.1.1.in-addr.arpa", .elsewhere),
        ]
    )
    func meanings(_ row: Row) {
        let labels = row.name.split(separator: ".").map(String.init)
        #expect(Self.index().find(labels, for: Self.fra) == row.finding)
    }

    @Test("those of the caller's own region are nearest to it")
    func nearest() {
        let labels = ["top1", "nearest", "of", "db", "internal"]
        let caller = NameIndex.Caller(network: 1, region: "iad")
        #expect(Self.index().find(labels, for: caller) == Self.addresses(Self.other))
    }

    @Test("who asks is known by the address, and a Machine too new to be known by its network")
    func callers() {
        let index = Self.index()
        #expect(index.caller([10, 0, 0, 3]) == .init(network: 1, region: "iad"))
        let new = IPAddress("fdaa:0:2:a:b:0:77:2")?.bytes ?? []
        #expect(index.caller(new) == .init(network: 2, region: "fra"))
        #expect(index.caller([192, 0, 2, 1]) == nil)
        // Who is nobody's neighbour hears of nothing.
        #expect(index.find(["db", "internal"], for: nil) == .unknown)
        #expect(index.find(["example", "com"], for: nil) == .elsewhere)
    }

    @Test("a name without records of a type is told from no name, and IPv4 is told where it is wanted")
    func types() throws {
        func ask(_ name: String, _ type: UInt16, ipv4: Bool = true) throws -> DNSAnswer? {
            let query = DNSQuery(id: 1, name: try #require(DNSName(name)), type: type)
            return Self.index().answer(query, for: Self.fra, answersIPv4: ipv4)
        }
        #expect(try ask("db.internal", DNSType.aaaa)?.records.count == 2)
        #expect(try ask("db.internal", DNSType.a)?.records.map(\.data) == [[10, 0, 0, 2], [10, 0, 0, 3]])
        let none = try #require(try ask("db.internal", DNSType.a, ipv4: false))
        #expect(none.code == .noError && none.records.isEmpty && none.zone == DNSName("internal"))
        #expect(try ask("db.internal", DNSType.txt)?.records.isEmpty == true)
        #expect(try ask("nope.internal", DNSType.a)?.code == .noName)
        #expect(try ask("db.internal", DNSType.any)?.code == .notImplemented)
        #expect(try ask("example.com", DNSType.a) == nil)
    }

    @Test("changes go onto what they were made from, and onto nothing else")
    func changes() {
        var index = Self.index()
        let home = index.home
        let gone = NameChanges(base: 1, revision: 2, home: home, removed: ["db"])
        #expect(index.apply(gone) && index.find(["db", "internal"], for: Self.fra) == .unknown)
        #expect(index.caller([10, 0, 0, 3]) == nil)
        #expect(!index.apply(gone) && index.revision == 2)
        var copy = NameIndex()
        #expect(copy.apply(index.table) && copy.table == index.table)
    }

    @Test("only a Machine that runs has names, and one that asked for none has none")
    func records() throws {
        var record = Machine(
            id: .random(),
            name: "x",
            app: "shop",
            region: "fra",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: Machine.Spec(instance: "i", config: MachineConfig(image: "x"))
        )
        #expect(NamedMachine(record) == nil)
        record.status.address = .init(ipv4: "10.0.0.2", ipv6: "fdaa::2")
        #expect(NamedMachine(record)?.isStarted == false)
        record.status.state = .started(
            .init(pid: 1, startTicks: 1, monitorPID: 1, startedAt: Timestamp(milliseconds: 0))
        )
        record.spec.cordoned = true
        #expect(NamedMachine(record)?.isStarted == true)
        record.spec.config.document = MachineDocument(
            .object(["dns": .object(["skip_registration": .bool(true)])])
        )
        #expect(NamedMachine(record)?.isHidden == true)
        record.status.state = .destroying
        #expect(NamedMachine(record) == nil)
    }
}

@Suite("Kept answers of others")
struct ReplyCacheTests {
    private func reply(_ text: String, lifetime: UInt8, code: UInt8 = 0) throws -> (ReplyCache.Key, DNSReply) {
        let query = DNSQuery(id: 1, name: try #require(DNSName(text)), type: 1)
        var bytes = query.bytes
        bytes[2] = 0x81
        bytes[3] = code
        bytes[7] = 1
        bytes += [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, lifetime, 0, 4, 192, 0, 2, 1]
        return (ReplyCache.Key(query), try #require(DNSReply(bytes)))
    }

    @Test("are good for as long as they say, and for longer only when nobody can be asked")
    func lifetime() throws {
        var cache = ReplyCache()
        let start = ContinuousClock.now
        let (key, one) = try reply("example.com", lifetime: 60)
        cache.put(one, for: key, now: start)
        #expect(cache.fresh(key, now: start + .seconds(59))?.age == 59)
        #expect(cache.fresh(key, now: start + .seconds(60)) == nil)
        #expect(cache.stale(key, now: start + .seconds(600)) == one)
        #expect(cache.stale(key, now: start + .seconds(7200)) == nil)
    }

    @Test("what may not be kept is not: failures, and what lives no second")
    func refused() throws {
        var cache = ReplyCache()
        for (lifetime, code) in [(0, 0), (60, 2), (60, 5)] as [(UInt8, UInt8)] {
            let (key, one) = try reply("example.com", lifetime: lifetime, code: code)
            cache.put(one, for: key, now: .now)
        }
        #expect(cache.count == 0 && cache.weight == 0)
    }

    @Test("are bounded, the oldest goes first")
    func bounds() throws {
        var cache = ReplyCache()
        let now = ContinuousClock.now
        for number in 0..<(ReplyCache.entries * 3) {
            let (key, one) = try reply("n\(number % (ReplyCache.entries + 100)).example.com", lifetime: 60)
            cache.put(one, for: key, now: now)
        }
        #expect(cache.count == ReplyCache.entries && cache.weight <= ReplyCache.weight)
    }
}
