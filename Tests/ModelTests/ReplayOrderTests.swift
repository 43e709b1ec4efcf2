import Testing

@testable import Model

@Suite("What an app says to send a request elsewhere")
struct ReplayOrderTests {
    @Test("the header form is read as Fly's guides write it")
    func header() throws {
        let order = try ReplayOrder(header: "app=notes; region=\"fra,ams\";state=a=b;elsewhere=true;timeout=800ms")
        #expect(order.app == "notes")
        #expect(order.regions == ["fra", "ams"])
        #expect(order.state == "a=b")
        #expect(order.elsewhere)
        #expect(order.timeout == .milliseconds(800))
        #expect(try ReplayOrder(header: "app=x,state=y").state == "y")
        #expect(try ReplayOrder(header: "region=fra,ams,any").regions == ["fra", "ams", "any"])
        #expect(try ReplayOrder(header: "instance=00bb33ff;fallback=force_self").fallback == .forceSelf)
        #expect(try ReplayOrder(header: "prefer_instance=1;future=2").preferred == "1")
    }

    @Test(
        "what can't be read is refused",
        arguments: ["", "nonsense", "state=only", "instance=a;timeout=soon", "region=", "app=a;fallback=never"]
    )
    func unreadable(text: String) {
        #expect(throws: Fault.self) { try ReplayOrder(header: text) }
    }

    @Test("the JSON form has transforms and a memory beside")
    func json() throws {
        let text = """
            {"instance":"1","transform":{"path":"/x?y=1","delete_headers":["Cookie"],
             "set_headers":[{"name":"X-A","value":"1"}]},
             "cache":{"prefix":"/p/*","ttl":3},"allow_bypass":true,"unknown":{"a":1}}
            """
        let order = try ReplayOrder(json: text.utf8)
        #expect(order.transform.path == "/x?y=1")
        #expect(order.transform.deleted == ["cookie"])
        #expect(order.transform.set == [.init(name: "X-A", value: "1")])
        #expect(order.cache?.pattern == "/p/*")
        #expect(order.cache?.allowsBypass == true)
        #expect(!order.isCacheable)
        for bad in [
            "[]", "{", #"{"app":"a","transform":{"path":"no slash"}}"#,
            #"{"app":"a","transform":{"set_headers":[{"name":"a b","value":"1"}]}}"#,
            #"{"app":"a","state":"a\r\nX-Evil: 1"}"#,
        ] {
            #expect(throws: Fault.self, "\(bad)") { try ReplayOrder(json: bad.utf8) }
        }
    }

    @Test("headers beside it say for how long to remember")
    func cache() throws {
        var order = try ReplayOrder(header: "app=a")
        order.takeCache(pattern: "/p/*", seconds: "3", bypass: "yes")
        #expect(order.cache?.seconds == 10)
        #expect(order.cache?.allowsBypass == true)
        #expect(order.isCacheable)
        order.takeCache(pattern: "invalidate", seconds: nil, bypass: nil)
        #expect(order.invalidates)
    }

    @Test("the target is told who sent the request on, and when")
    func source() throws {
        let order = try ReplayOrder(header: "region=ams;state=s")
        let machine = try #require(Machine.ID("148e21b7c65089"))
        #expect(
            order.source(machine: machine, region: "fra", microseconds: 12)
                == "instance=148e21b7c65089;region=fra;t=12;state=s"
        )
    }
}

@Suite("Which Machines a request is for")
struct AimTests {
    private static let ids = ["00000000000001", "00000000000002", "00000000000003"].compactMap { Machine.ID($0) }

    private static let route = Route(
        app: "a",
        hostnames: [],
        autostart: true,
        machines: zip(ids, ["fra", "ams", "ord"]).map { id, region in
            Route.Target(
                machine: id,
                region: region,
                address: Machine.Address(ipv4: "10.0.0.1", ipv6: "::1"),
                port: 80,
                state: .ready,
                concurrency: MachineConfig.Concurrency()
            )
        }
    )

    private func stages(_ aim: Aim) -> [[Int]] { aim.stages(Self.route) }

    @Test("regions are asked in their order, and no other where they are a must")
    func regions() {
        #expect(stages(Aim()) == [[0, 1, 2]])
        #expect(stages(Aim(regions: ["ams", "fra"])) == [[1], [0], [0, 1, 2]])
        #expect(stages(Aim(regions: ["ams", "fra"], isStrict: true)) == [[1], [0]])
        #expect(stages(Aim(regions: ["eu"], isStrict: true)) == [[0, 1]])
        #expect(stages(Aim(regions: ["us", "any"], isStrict: true)) == [[2], [0, 1, 2]])
        #expect(stages(Aim(regions: ["syd"], isStrict: true)) == [])
        #expect(stages(Aim(regions: ["syd"])) == [[0, 1, 2]])
    }

    @Test("a Machine that is named is the only one, or the first")
    func instances() {
        #expect(stages(Aim(instance: "00000000000002")) == [[1]])
        #expect(stages(Aim(instance: "none")) == [])
        #expect(stages(Aim(regions: ["fra"], isStrict: true, instance: "00000000000002")) == [])
        #expect(stages(Aim(preferred: "00000000000002")) == [[1], [0, 1, 2]])
        #expect(stages(Aim(regions: ["fra"], isStrict: true, preferred: "00000000000002")) == [[0]])
        #expect(stages(Aim(preferred: "gone")) == [[0, 1, 2]])
        #expect(stages(Aim(avoided: [Self.ids[0]])) == [[1, 2]])
    }

    @Test("nothing is hoped for from Machines that it is not for")
    func hope() {
        #expect(Aim(instance: "00000000000002").isHopeful(Self.route, excluding: []))
        #expect(!Aim(instance: "00000000000002").isHopeful(Self.route, excluding: [Self.ids[1]]))
        #expect(!Aim(regions: ["syd"], isStrict: true).isHopeful(Self.route, excluding: []))
    }
}

@Suite("Rate limits of clients")
struct RateLimitTests {
    @Test("a bucket gives what it holds, then one after the other as time goes by")
    func bucket() {
        let limit = RateLimit(requests: 2, per: "1s", burst: 3)
        var bucket = TokenBucket(limit, at: 0)
        for _ in 0..<3 { #expect(bucket.take(limit, at: 0) == nil) }
        let wait = bucket.take(limit, at: 0) ?? .zero
        #expect(wait > .milliseconds(499) && wait <= .milliseconds(500))
        #expect(bucket.take(limit, at: 500_000_000) == nil)
        #expect(!bucket.isFull(limit, at: 600_000_000))
        #expect(bucket.isFull(limit, at: 3_000_000_000))
    }

    @Test("health checks don't count, by whole parts of a path")
    func exempt() {
        let limit = RateLimit(requests: 1)
        #expect(limit.isExempt("/health"))
        #expect(limit.isExempt("/health/live"))
        #expect(!limit.isExempt("/healthy"))
    }
}
