import Model
import Testing

@Suite("A Machine's configuration on the wire")
struct MachineConfigWireTests {
    private func read(_ text: String) throws -> MachineConfig {
        try MachineConfigWire.read(try JSONValue.parse(text.utf8, what: "config"))
    }

    @Test("what Roost acts on is read")
    func acted() throws {
        let config = try read(
            """
            {"image": "nginx", "env": {"A": "1"}, "init": {"cmd": ["sleep", "inf"], "entrypoint": null},
             "guest": {"cpu_kind": "performance", "cpus": 2, "memory_mb": 4096},
             "services": [{"protocol": "tcp", "internal_port": 8080, "autostop": true, "autostart": false,
               "ports": [{"port": 80, "handlers": ["http"], "force_https": true}],
               "concurrency": {"type": "requests", "hard_limit": 5},
               "checks": [{"type": "http", "path": "/up", "interval": 15000000000, "timeout": "2s",
                 "headers": [{"name": "Host", "values": ["a"]}]}]}],
             "checks": {"alive": {"type": "tcp", "port": 8080, "grace_period": "5s"}},
             "mounts": [{"volume": "vol_1a", "path": "/data"}], "restart": {"policy": "no"},
             "stop_config": {"signal": "SIGTERM", "timeout": "10s"}, "metadata": {"k": "v"}, "auto_destroy": true,
             "files": [{"guest_path": "/etc/x", "raw_value": "aGk="}], "schedule": "daily"}
            """
        )
        #expect(config.image == "nginx" && config.env == ["A": "1"] && config.metadata == ["k": "v"])
        #expect(config.`init` == MachineConfig.Init(cmd: ["sleep", "inf"]))
        #expect(config.guest == MachineConfig.Guest(cpuKind: .performance, cpus: 2, memoryMiB: 4096))
        let service = try #require(config.services.first)
        #expect(service.autostop == .stop && !service.autostart && service.forceHTTPS)
        #expect(service.concurrency == .init(type: .requests, softLimit: 5, hardLimit: 5))
        #expect(service.checks.first?.interval == "15s" && service.checks.first?.headers == ["Host": "a"])
        #expect(config.checks["alive"]?.gracePeriod == "5s")
        #expect(config.mounts.first?.volume == "vol_1a" && config.restart.policy == .no && config.autoDestroy)
        #expect(config.stopConfig == MachineConfig.Stop(signal: .term, timeout: "10s"))
        #expect(config.files == [MachineConfig.File(guestPath: "/etc/x", rawValue: "aGk=")])
    }

    @Test("what decides when it runs, whom it asks, what it is told and how it grows is read, and shown as it was")
    func life() throws {
        let text = """
            {"image":"nginx:1","schedule":"CRON_TZ=Europe/Berlin 0 3 * * 1-5","standbys":["148e21b7c65089"],
             "dns":{"nameservers":["192.0.2.1"],"searches":["x.internal"],"options":[{"name":"ndots","value":"2"}],
               "hostname":"db","hostname_fqdn":"db.x.internal"},
             "init":{"swap_size_mb":512},"rootfs":{"size_gb":2},
             "mounts":[{"volume":"vol_1","path":"/d","extend_threshold_percent":80,"add_size_gb":2,"size_gb_limit":9}],
             "processes":[{"cmd":["x"],"user":"app","ignore_app_secrets":true,"secrets":[{"env_var":"A","name":"B"}],
               "env_from":[{"env_var":"ME","field_ref":"id"}]}]}
            """
        let config = try read(text)
        #expect(config.schedule == "CRON_TZ=Europe/Berlin 0 3 * * 1-5" && config.standbys == ["148e21b7c65089"])
        let dns = try #require(config.dns)
        #expect(dns.nameservers == ["192.0.2.1"] && dns.searches == ["x.internal"] && dns.options == ["ndots:2"])
        #expect(dns.hostname == "db" && dns.fullHostname == "db.x.internal")
        #expect(config.swapMiB == 512 && config.rootGB == 2 && config.`init`.user == "app")
        #expect(config.mounts.first?.growth == MachineConfig.Growth(threshold: 80, stepGB: 2, limitGB: 9))
        let told = try #require(config.environment)
        #expect(told.facts == ["ME": "id"] && told.told(["B": "1", "C": "2"]) == ["A": "1"])
        let shown = MachineConfigWire.write(config)
        let given = try JSONValue.parse(text.utf8, what: "config")
        for name in ["schedule", "standbys", "dns", "init", "rootfs", "processes"] {
            #expect(shown[name] == given[name])
        }
        #expect(shown["mounts"]?.array?.first?["add_size_gb"] == .int(2))
        #expect(
            try MachineConfigWire.read(shown).mounts
                == config.mounts.map { mount in
                    var same = mount
                    same.sizeGB = 1
                    return same
                }
        )
    }

    @Test("what Roost does not act on comes back as it was, null apart")
    func kept() throws {
        let text = """
            {"image":"nginx:1","dns":{"skip_registration":true},"schedule":"hourly","x":{"y":[1.5]},
             "services":[{"protocol":"udp","internal_port":53,"ports":[{"start_port":1,"end_port":9}]}],"size":null}
            """
        let given = try JSONValue.parse(text.utf8, what: "config")
        let shown = MachineConfigWire.write(try read(text))
        for name in ["dns", "schedule", "x", "services"] { #expect(shown[name] == given[name]) }
        #expect(shown["image"] == .string("registry-1.docker.io/library/nginx:1"))
        #expect(shown["guest"]?["memory_mb"] == .int(256) && shown["restart"]?["policy"] == .string("on-failure"))
    }

    @Test("an answer that is sent back changes nothing")
    func stable() throws {
        let first = try read(#"{"image":"nginx","size":"shared-cpu-2x","env":{"A":"1"},"restart":{"policy":"always"}}"#)
        let shown = MachineConfigWire.write(first)
        let second = try MachineConfigWire.read(shown)
        #expect(MachineConfigWire.write(second) == shown)
        #expect(second.guest == first.guest && second.env == first.env && second.restart == first.restart)
        // So does one that no client has ever written.
        var own = MachineConfig(image: "roost/a@sha256:00")
        own.services = [MachineConfig.Service(checks: [MachineConfig.Check(type: .http)])]
        own.services[0].autostop = .suspend
        let again = try MachineConfigWire.read(MachineConfigWire.write(own))
        #expect(again.services == own.services && again.stopConfig == own.stopConfig && again.`init` == own.`init`)
    }

    @Test(
        "what is wrong is named with its path",
        arguments: [
            (#"[]"#, "config: expected an object, found an array"),
            (#"{}"#, "config.image: is missing"),
            (#"{"image":3}"#, "config.image: expected a string, found a number"),
            (#"{"image":"a","env":{"A":1}}"#, "config.env.A: expected a string, found a number"),
            (
                #"{"image":"a","containers":[{}]}"#,
                "config.containers: Roost runs one program a Machine, found 1 containers"
            ),
            (
                #"{"image":"a","processes":[{},{}]}"#,
                "config.processes: Roost runs one program a Machine, found 2 processes"
            ),
            (#"{"image":"a","size":"huge"}"#, "config.size: unknown size: \"huge\""),
            (#"{"image":"a","size":"a10"}"#, "config.size: no host here has a GPU: \"a10\""),
            (#"{"image":"a","size":"x","guest":{}}"#, "config.size: size and guest exclude each other"),
            (
                #"{"image":"a","guest":{"cpus":3}}"#,
                "config.guest: found 3 shared CPUs, expected one of 1, 2, 4, 6 or 8"
            ),
            (
                #"{"image":"a","guest":{"memory_mb":300}}"#,
                "config.guest: found 300 MiB of memory for 1 shared CPU, expected 256 to 2048 MiB in steps of 256"
            ),
            (
                #"{"image":"a","mounts":[{"path":"/"}]}"#,
                "config.mounts[0].path: expected an absolute path other than /, found \"/\""
            ),
            (#"{"image":"a","mounts":[{"path":"/d"}]}"#, "config.mounts[0].volume: is missing"),
            (#"{"image":"a","services":[{}]}"#, "config.services[0].internal_port: is missing"),
            (
                #"{"image":"a","services":[{"internal_port":70000}]}"#,
                "config.services[0].internal_port: expected 1 to 65535, found 70000"
            ),
            (
                #"{"image":"a","checks":{"c":{"type":"http","port":1,"path":"x y"}}}"#,
                "config.checks.c.path: expected a path such as /health, found \"x y\""
            ),
            (
                #"{"image":"a","restart":{"policy":"often"}}"#,
                "config.restart.policy: expected no, on-failure, always or spot-price, found \"often\""
            ),
            (
                #"{"image":"a","stop_config":{"timeout":"soon"}}"#,
                "config.stop_config.timeout: expected a duration such as 15s or 1m30s, found \"soon\""
            ),
            (
                #"{"image":"a","files":[{"guest_path":"/x","raw_value":"%"}]}"#,
                "config.files[0].raw_value: is not base64"
            ),
            (
                #"{"image":"a","schedule":"often"}"#,
                "config.schedule \"often\": expected five fields, found 1"
            ),
            (
                #"{"image":"a","schedule":"61 * * * *"}"#,
                "config.schedule \"61 * * * *\": minute: expected 0 to 59, found \"61\""
            ),
            (
                #"{"image":"a","standbys":["b"],"services":[{"internal_port":1}]}"#,
                "config.standbys: a Machine that stands by for others can't have services"
            ),
            (
                #"{"image":"a","dns":{"searches":["a b"]}}"#,
                "config.dns.searches: \"a b\" is not one word"
            ),
            (
                #"{"image":"a","dns":{"dns_forward_rules":[{"basename":"x","addr":"y"}]}}"#,
                "config.dns.dns_forward_rules: Roost forwards no names of one Machine alone, found 1 rules"
            ),
            (
                #"{"image":"a","init":{"kernel_args":["quiet"]}}"#,
                "config.init.kernel_args: a Machine here has its host's kernel, found 1 words for it"
            ),
            (
                #"{"image":"a","guest":{"persist_rootfs":"always"}}"#,
                "config.guest.persist_rootfs: Roost makes the root file system anew at each start"
            ),
            (
                #"{"image":"a","rootfs":{"persist":"restart"}}"#,
                "config.rootfs.persist: Roost makes the root file system anew at each start, found restart"
            ),
            (
                #"{"image":"a","volumes":[{"name":"x"}]}"#,
                "config.volumes: are for containers of one Machine, which Roost does not run"
            ),
            (
                #"{"image":"a","guest":{"gpus":1}}"#,
                "config.guest.gpus: no host here has a GPU, found 1 of them"
            ),
            (
                #"{"image":"a","processes":[{"env_from":[{"env_var":"A","field_ref":"x"}]}]}"#,
                "config.processes[0].env_from[0].field_ref: expected one of app_name, id, image, private_ip, region or "
                    + "version, found \"x\""
            ),
            (
                #"{"image":"a","mounts":[{"volume":"v","path":"/d","extend_threshold_percent":80}]}"#,
                "config.mounts[0].extend_threshold_percent: a volume that grows needs extend_threshold_percent and "
                    + "add_size_gb, found 80 and 0"
            ),
        ]
    )
    func wrong(text: String, message: String) throws {
        let fault = try #require(throws: Fault.self) { try read(text) }
        #expect(fault.code == .invalidRequest && fault.message == message)
    }

    @Test("anything at all in any place is read or refused, never more")
    func fuzz() throws {
        let full = try JSONValue.parse(
            #"""
            {"image":"a","env":{"A":"b"},"init":{"cmd":["x"]},"guest":{"cpus":1},"restart":{"policy":"no"},
             "services":[{"internal_port":1,"ports":[{"port":1,"handlers":["http"]}],"concurrency":{"type":"requests"},
             "checks":[{"type":"tcp","interval":"1s"}]}],"mounts":[{"volume":"v","path":"/d"}],"metadata":{"a":"b"},
             "files":[{"guest_path":"/a","raw_value":""}],"stop_config":{"signal":"SIGINT"}}
            """#.utf8,
            what: "config"
        )
        let odd: [JSONValue] = [
            .null, .bool(true), .int(-1), .int(.max), .double(1e300), .string(""), .string("\0"), .array([]),
            .array([.null]), .object([:]), .object(["x": .int(1)]),
        ]
        var read = 0
        for (path, _) in full.places {
            for value in odd {
                if (try? MachineConfigWire.read(full.replacing(path[...], with: value))) != nil { read += 1 }
            }
        }
        #expect(read > 20)
    }
}

extension JSONValue {
    /// All values in it with their way.
    fileprivate var places: [(path: [String], value: JSONValue)] {
        var all: [(path: [String], value: JSONValue)] = [([], self)]
        switch self {
        case .object(let members):
            for (key, value) in members { all += value.places.map { ([key] + $0.path, $0.value) } }
        case .array(let items):
            for (index, value) in items.enumerated() { all += value.places.map { (["\(index)"] + $0.path, $0.value) } }
        default: break
        }
        return all
    }

    fileprivate func replacing(_ path: ArraySlice<String>, with value: JSONValue) -> JSONValue {
        guard let step = path.first else { return value }
        switch self {
        case .object(var members):
            members[step] = members[step]?.replacing(path.dropFirst(), with: value)
            return .object(members)
        case .array(var items):
            guard let index = Int(step) else { return self }
            items[index] = items[index].replacing(path.dropFirst(), with: value)
            return .array(items)
        default: return self
        }
    }
}
