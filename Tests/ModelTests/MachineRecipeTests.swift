import Model
import Testing

@Suite("Flags of machine run and update")
struct MachineRecipeTests {
    private func apply(_ text: String = "{}", _ change: (inout MachineRecipe) -> Void) throws -> JSONValue {
        var recipe = MachineRecipe()
        change(&recipe)
        return try recipe.apply(to: try JSONValue.parse(text.utf8, what: "config"))
    }

    @Test("no flag changes nothing")
    func nothing() throws {
        let text = #"{"env":{"A":"1"},"image":"x","init":{"cmd":["a"]},"restart":{"policy":"no"},"x":[1]}"#
        #expect(try apply(text) { _ in }.text == text)
    }

    @Test("each flag changes its own")
    func each() throws {
        let text = #"{"image":"x","env":{"A":"1","B":"2"},"guest":{"cpus":2,"memory_mb":512},"dns":{"y":1}}"#
        let config = try apply(text) {
            $0.env = ["A=3", "C=a=b"]
            $0.size.memory = "1gb"
            $0.command = ["sleep", "inf"]
            $0.entrypoint = "sh -c"
            $0.skipsRegistration = true
            $0.restart = "on-fail"
            $0.volumes = ["vol_1:/data"]
            $0.files = [MachineConfig.File(guestPath: "/a", rawValue: "eA==")]
        }
        #expect(config["env"] == .object(["A": .string("3"), "B": .string("2"), "C": .string("a=b")]))
        #expect(config["guest"] == .object(["cpus": .int(2), "memory_mb": .int(1024)]))
        #expect(config["init"] == .object(["cmd": .strings(["sleep", "inf"]), "entrypoint": .strings(["sh", "-c"])]))
        #expect(config["dns"] == .object(["y": .int(1), "skip_registration": .bool(true)]))
        #expect(config["restart"]?["policy"] == .string("on-failure") && config["image"] == .string("x"))
        #expect(config["mounts"]?.array?.first?["volume"] == .string("vol_1"))
        #expect(config["files"]?.array?.count == 1)
    }

    @Test(
        "ports are read as flyctl does",
        arguments: [
            (["80"], #"[{"internal_port":80,"ports":[{"port":80}],"protocol":"tcp"}]"#),
            (
                ["443:8080/tcp:tls:http", "80:8080/tcp:http"],
                #"[{"internal_port":8080,"ports":[{"handlers":["tls","http"],"port":443},"#
                    + #"{"handlers":["http"],"port":80}],"protocol":"tcp"}]"#
            ),
            (["53:5353/udp"], #"[{"internal_port":5353,"ports":[{"port":53}],"protocol":"udp"}]"#),
            (["100-200:80"], #"[{"internal_port":80,"ports":[{"end_port":200,"start_port":100}],"protocol":"tcp"}]"#),
            (["-"], "[]"),
        ]
    )
    func ports(flags: [String], services: String) throws {
        #expect(try apply { $0.ports = flags }["services"]?.text == services)
    }

    @Test("what is wrong names its flag")
    func wrong() {
        let changes: [(String, (inout MachineRecipe) -> Void)] = [
            ("--port", { $0.ports = ["x"] }), ("--port", { $0.ports = ["80:99999"] }),
            ("--port", { $0.ports = ["80/sctp"] }),
            ("--env", { $0.env = ["A"] }), ("--metadata", { $0.metadata = ["=b"] }),
            ("--volume", { $0.volumes = ["v"] }),
            ("--vm-size", { $0.size.preset = "huge" }), ("--vm-memory", { $0.size.memory = "much" }),
            ("--restart", { $0.restart = "often" }), ("--autostop", { $0.autostop = "maybe" }),
        ]
        for (flag, change) in changes {
            #expect { try apply { change(&$0) } } throws: { ($0 as? Fault)?.message.hasPrefix("\(flag): ") == true }
        }
    }
}
