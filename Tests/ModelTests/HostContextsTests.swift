import Model
import Testing

@Suite("Which host a command goes to")
struct HostContextsTests {
    @Test(
        "an address is read as it is written",
        arguments: [
            ("ssh://root@host", .ssh(target: "root@host", port: nil, run: "/run/roost")),
            ("ssh://host:2222/tmp/run/", .ssh(target: "host", port: 2222, run: "/tmp/run")),
            ("ssh://root@[fdaa::1]", .ssh(target: "root@[fdaa::1]", port: nil, run: "/run/roost")),
            ("https://api.example.com:4280/", .network("https://api.example.com:4280")),
            ("http://127.0.0.1:4280", .network("http://127.0.0.1:4280")),
            ("unix:///run/x/api.sock", .socket("/run/x/api.sock")), ("/run/x/api.sock", .socket("/run/x/api.sock")),
        ] as [(String, HostAddress)]
    )
    func addresses(_ text: String, _ expected: HostAddress) throws {
        let address = try HostAddress(text)
        #expect(address == expected)
        #expect(try HostAddress(address.text) == expected)
    }

    @Test(
        "what is none is refused",
        arguments: [
            "", "host", "ftp://host", "https://", "https://user@host", "https://host/path", "http://api.example.com",
            "http://localhost.evil.com", "ssh://", "ssh://host:0", "ssh://host:x", "ssh://-oProxyCommand=x",
            "ssh://root@-x", "ssh://a b", "unix://x",
        ]
    )
    func refused(_ text: String) {
        #expect(throws: Fault.self) { try HostAddress(text) }
    }

    @Test("the environment comes before the context in use, that before this machine")
    func order() throws {
        var contexts = HostContexts(
            current: "prod",
            hosts: ["prod": .init(address: "https://p:1", token: "own", authority: "A")]
        )
        let prod = try contexts.choose([:])
        #expect(prod.address == .network("https://p:1") && prod.token == "own" && prod.authority == "A")
        #expect(try contexts.choose(["FLY_API_TOKEN": "env"]).token == "env")
        #expect(try contexts.choose(["FLY_API_TOKEN": "b", "FLY_ACCESS_TOKEN": "a"]).token == "a")
        let other = try contexts.choose(["ROOST_HOST": "https://q:2"])
        // A token of one host is not shown to another.
        #expect(other.address == .network("https://q:2") && other.token == nil && other.authority == nil)
        #expect(try contexts.choose(["ROOST_HOST": "prod"]).context == "prod")
        #expect(try contexts.choose(["ROOST_HOST": "local"]).address == .socket("/run/roost/api.sock"))
        #expect(try contexts.choose(["ROOST_RUN": "/r", "FLY_API_HOSTNAME": "x"]).address == .socket("/r/api.sock"))
        #expect(try contexts.choose(["FLY_API_HOSTNAME": "x:4280"]).address == .network("https://x:4280"))
        #expect(try contexts.choose(["FLY_FLAPS_BASE_URL": "https://y"]).address == .network("https://y"))
        contexts.current = nil
        #expect(try contexts.choose([:]).address == .socket("/run/roost/api.sock"))
        contexts.current = "gone"
        #expect(throws: Fault.self) { try contexts.choose([:]) }
        #expect(throws: Fault.self) { try HostContexts.validate(name: "local") }
    }
}
