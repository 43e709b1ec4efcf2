import Foundation
import Model
import Testing

@Suite("Throw-aways")
struct TryoutTests {
    @Test(
        "kinds as people name them",
        arguments: [
            ("postgres", .postgres), ("PostgreSQL", .postgres), ("pg", .postgres), ("redis", .redis),
            ("valkey", .redis), ("mariadb", .mysql), ("mysql", .mysql), ("memcached", .memcached),
            ("rabbitmq", .rabbitmq), ("amqp", .rabbitmq), ("mongodb", .mongodb),
        ] as [(String, TryoutKind)]
    )
    func kinds(text: String, kind: TryoutKind) throws {
        #expect(try TryoutKind(text) == kind)
    }

    @Test("a kind that there is not is refused with those there are")
    func unknownKind() {
        #expect {
            _ = try TryoutKind("oracle")
        } throws: { error in
            (error as? Fault)?.message.contains("oracle") == true
                && (error as? Fault)?.hint?.contains("postgres") == true
        }
    }

    @Test("names after the app; one that is too long for an app is refused")
    func names() throws {
        #expect(try Tryout.name(of: "shop", .postgres) == "shop-postgres")
        let long = String(repeating: "a", count: 57)
        #expect(try Tryout.name(of: long, .redis).count == 63)
        #expect(throws: Fault.self) { try Tryout.name(of: long, .postgres) }
    }

    private static let parts = ConnectionForm.Parts(
        host: "10.1.2.3",
        port: "5432",
        user: "u",
        password: "p{host}",
        database: "d"
    )

    @Test(
        "fills in the parts, each as it is",
        arguments: [
            (
                "postgresql+asyncpg://{user}:{password}@{host}:{port}/{database}?ssl=off",
                "postgresql+asyncpg://u:p{host}@10.1.2.3:5432/d?ssl=off"
            ),
            ("{host}", "10.1.2.3"), ("{port}", "5432"), ("{password}", "p{host}"), ("{other}{", "{other}{"), ("", ""),
        ]
    )
    func fills(form: String, value: String) {
        #expect(ConnectionForm(form).value(Self.parts) == value)
    }

    @Test("a password is made for whoever passes one on")
    func password() {
        func tryout(_ form: ConnectionForm) -> Tryout {
            Tryout(of: "a", TryoutWish(.redis, user: "a", database: "a", connections: [.init("X", form)]))
        }
        #expect(tryout(ConnectionForm("redis://:{password}@{host}/0")).needsPassword)
        #expect(!tryout(.host).needsPassword)
    }

    @Test(
        "names of users and databases that need no quotes in a URL",
        arguments: [
            ("app", true), ("My-App_2", true), ("_x", true), ("", false), ("2x", false), ("a b", false), ("a'b", false),
            ("a\"b", false), ("a/b", false), ("ä", false), ("-a", false), (String(repeating: "a", count: 33), false),
        ]
    )
    func isName(text: String, holds: Bool) {
        #expect(TryoutWish.isName(text) == holds)
    }

    @Test("a request that no scan makes is refused")
    func hostile() {
        func wish(
            user: String = "a",
            extras: [String] = [],
            variable: String = "A",
            form: String = "{host}"
        ) -> TryoutWish {
            TryoutWish(
                .postgres,
                extras: extras,
                user: user,
                database: "a",
                connections: [.init(variable, ConnectionForm(form))]
            )
        }
        #expect(throws: Never.self) { try wish().check() }
        for kind in [TryoutKind.postgres, .mysql] {
            var open = TryoutWish(kind, user: "a", database: "a")
            open.isOpen = true
            #expect(throws: Never.self) { try open.check() }
        }
        var anyPassword = TryoutWish(.redis, user: "a", database: "a")
        anyPassword.isOpen = true
        for bad in [
            anyPassword, wish(user: "a\"; DROP"), wish(extras: ["x y"]), wish(variable: "A=B"), wish(variable: ""),
            wish(form: "a\nB=c"), wish(form: String(repeating: "x", count: 1001)),
        ] {
            #expect(throws: Fault.self) { try bad.check() }
        }
    }

    @Test("records without what came later, and apps without a throw-away's mark, are readable")
    func records() throws {
        var app = App(name: "a", createdAt: Timestamp(milliseconds: 0), owner: "o")
        let written = try JSONEncoder().encode(app)
        #expect(!String(decoding: written, as: UTF8.self).contains("tryout"), "as it was before there were any")
        #expect(try JSONDecoder().decode(App.self, from: written) == app)
        app.tryout = Tryout(of: "b", TryoutWish(.redis, user: "u", database: "d", connections: [.init("R", .host)]))
        #expect(try JSONDecoder().decode(App.self, from: JSONEncoder().encode(app)) == app)
        let least = try JSONDecoder().decode(Tryout.self, from: Data(#"{"of":"b"}"#.utf8))
        #expect(least.of == "b" && least.kind.isEmpty && least.connections.isEmpty)
    }

    @Test("what is deployed has no public service, one Machine's worth of data on a volume, and passes the checks")
    func config() throws {
        for kind in TryoutKind.allCases {
            let config = TryoutWish(kind, user: "a", database: "a").config("a-\(kind.rawValue)")
            try config.check()
            let group = try #require(config.groups.first)
            #expect(config.groups.count == 1 && config.services(for: group).isEmpty)
            #expect(config.mounts.isEmpty != kind.keepsData)
            #expect(config.machineConfig(group: group, image: "x", region: "r").checks["answers"]?.port == kind.port)
        }
    }

    @Test("names of service images are told from those of registries")
    func references() throws {
        let reference = ServiceReference(.postgres, extras: ["vector", "postgis"])
        #expect(reference.text == "roost:service/postgres+postgis+vector")
        #expect(try ServiceReference(reference.text) == reference)
        #expect(try ServiceReference("postgres:15") == nil)
        #expect(throws: Fault.self) { try ServiceReference("roost:service/oracle") }
    }

    @Test("names for /etc/hosts are kept in the configuration, and nothing else gets in there")
    func hosts() {
        var config = MachineConfig(image: "x")
        config.hosts = [HostAlias("db", "172.16.0.2"), HostAlias("shop_cache", "fdaa::9")]
        #expect(config.hosts.map(\.name) == ["db", "shop_cache"] && config.hosts.map(\.address)[1] == "fdaa::9")
        config.metadata["roost_hosts"] = "db=1.2.3.4 x=evil\n y=1.2.3.4\nz=1.1.1.1 a b=c localhost=9.9.9.9"
        #expect(config.hosts == [HostAlias("db", "1.2.3.4")])
        config.hosts = []
        #expect(config.metadata["roost_hosts"] == nil)
        #expect(["db", "my-db_1", "a"].allSatisfy(HostAlias.isName))
        let bad = ["", "localhost", "LOCALHOST", "-a", "a b", "a.b", "é", String(repeating: "a", count: 64)]
        #expect(!bad.contains(where: HostAlias.isName))
    }
}
