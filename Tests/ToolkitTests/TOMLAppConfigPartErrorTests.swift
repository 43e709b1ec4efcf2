import Model
import Testing
import Toolkit

@Suite("Errors in the sections of fly.toml that nothing comes of yet")
struct TOMLAppConfigPartErrorTests {
    @Test("names place, path, what was found and what is allowed", arguments: rows)
    func golden(row: GoldenRow) {
        #expect(row.found == row.expected)
    }

    private typealias Row = GoldenRow

    private static let rows: [GoldenRow] = [
        Row(
            "statics are an array",
            "[statics]\nguest_path = '/a'",
            "fly.toml:1:1: statics: found a table, expected an array of tables, [[statics]]"
        ),
        Row(
            "statics without their two paths",
            "[[statics]]",
            """
            fly.toml:1:1: statics[0].guest_path: missing, expected a folder of the Machine
            fly.toml:1:1: statics[0].url_prefix: missing, expected a path such as "/assets"
            """
        ),
        Row(
            "files are an array",
            "[files]\nguest_path = '/a'",
            "fly.toml:1:1: files: found a table, expected an array of tables, [[files]]"
        ),
        Row(
            "a file without a place, and one with a relative place",
            "[[files]]\nraw_value = ''\n[[files]]\nguest_path = 'etc/a'",
            """
            fly.toml:1:1: files[0].guest_path: missing, expected an absolute path such as "/etc/app.conf"
            fly.toml:4:14: files[1].guest_path: found string "etc/a", expected an absolute path such as "/etc/app.conf"
            """
        ),
        Row(
            "a file's raw content is base64",
            "[[files]]\nguest_path = '/a'\nraw_value = 'hello world'",
            #"fly.toml:3:13: files[0].raw_value: found string "hello world", expected the content of the file in base64"#
        ),
        Row(
            "metrics without a port",
            "[metrics]\npath = '/metrics'",
            "fly.toml:1:1: metrics.port: missing, expected an integer from 1 to 65535"
        ),
        Row(
            "old metrics without a port",
            "[experimental]\nmetrics_path = '/metrics'",
            "fly.toml:1:1: experimental.metrics_port: missing, expected an integer from 1 to 65535"
        ),
        Row(
            "a machine check without a command, and with one string",
            "[[machine_checks]]\nimage = 'a'\n[[http_service.machine_checks]]\ncommand = 'curl'",
            """
            fly.toml:1:1: machine_checks[0].command: missing, expected a list of strings such as ["curl", "…"]
            fly.toml:4:11: http_service.machine_checks[0].command: found string "curl", expected a list of strings \
            such as ["a", "b"]
            """
        ),
        Row(
            "machine checks are an array",
            "[machine_checks]\ncommand = ['a']",
            "fly.toml:1:1: machine_checks: found a table, expected an array of tables, [[machine_checks]]"
        ),
        Row(
            "a machine configuration that is neither JSON nor a file of it",
            "machine_config = 'machine.toml'",
            """
            fly.toml:1:18: machine_config: found string "machine.toml", expected the path of a .json file, or JSON \
            that begins with "{"
            """
        ),
        Row(
            "the container where Fly's own example has it, and flyctl does not look",
            "[experimental]\ncontainer = 'app'",
            """
            fly.toml:2:13: experimental.container: found string "app", expected it at the top, before the first \
            section: flyctl ignores it here
            """
        ),
        Row(
            "commands that can't be split",
            "console_command = 'a \"b'\n[deploy]\nseed_command = \"it's\"",
            """
            fly.toml:1:19: console_command: the double quote at character 3 is never closed
            fly.toml:3:16: deploy.seed_command: the single quote at character 3 is never closed
            """
        ),
        Row(
            "an idle timeout is a number of seconds",
            "[http_service.http_options]\nidle_timeout = '60s'",
            """
            fly.toml:2:16: http_service.http_options.idle_timeout: found string "60s", expected an integer from 0 to \
            4294967295
            """
        ),
        Row(
            "a header is taken away by false, not set by true",
            "[http_service.http_options.response.headers]\nServer = true\nVia = false\n\"a b\" = 'x'",
            """
            fly.toml:2:10: http_service.http_options.response.headers.Server: found boolean true, expected false, a \
            string, or a list of strings
            fly.toml:4:9: http_service.http_options.response.headers.a b: found string "x", expected a header that \
            HTTP allows
            """
        ),
        Row(
            "a version of TLS that nobody speaks",
            "[http_service.tls_options]\nversions = ['TLSv1.3', 'TLSv1.1']",
            """
            fly.toml:2:24: http_service.tls_options.versions[1]: found string "TLSv1.1", expected one of "TLSv1.2" \
            or "TLSv1.3"
            """
        ),
        Row(
            "a replay cache that is too short",
            """
            [[http_service.http_options.replay_cache]]
            path_prefix = "/"
            ttl_seconds = 5
            type = "header"
            name = "X-User"
            """,
            """
            fly.toml:3:15: http_service.http_options.replay_cache[0].ttl_seconds: found integer 5, expected an \
            integer from 10 up
            """
        ),
        Row(
            "a range of ports the wrong way round",
            "[[services]]\n[[services.ports]]\nstart_port = 20\nend_port = 10",
            "fly.toml:3:1: services[0].ports[0].start_port: found 20, expected at most the end_port, 10"
        ),
        Row(
            "a version of the PROXY protocol",
            "[[services]]\n[[services.ports]]\nport = 1\nproxy_proto_options = { version = 2 }",
            """
            fly.toml:4:35: services[0].ports[0].proxy_proto_options.version: found integer 2, expected one of "v1" \
            or "v2"
            """
        ),
        Row(
            "flags of [experimental] have a type too",
            "[experimental]\nauto_rollback = 'yes'\nattached = { secrets = { export = { A = 1 } } }",
            """
            fly.toml:2:17: experimental.auto_rollback: found string "yes", expected true or false
            fly.toml:3:41: experimental.attached.secrets.export.A: found integer 1, expected a string
            """
        ),
    ]
}

@Suite("Sections of fly.toml that nothing comes of yet")
struct TOMLAppConfigPartTests {
    @Test("an empty element of the old list of processes is what Fly's own export writes")
    func emptyProcess() throws {
        #expect(try TestConfig.clean("[[processes]]\n[http_service]").groups == ["app"])
    }

    @Test("metrics out of [experimental] count only where there is no section of that name")
    func oldMetrics() throws {
        let old = "[experimental]\nmetrics_port = 9091\nmetrics_path = '/m'\n"
        #expect(try TestConfig.read(old).config.metrics.map(\.port) == [9091])
        #expect(try TestConfig.read(old + "[metrics]\nport = 1").config.metrics.map(\.port) == [1])
        #expect(try TestConfig.read(old + "[metric]\nport = 1").config.metrics.map(\.port) == [1, 9091])
    }

    @Test("files and metrics are for the default group when they name none")
    func filters() throws {
        let text = """
            [processes]
            app = "a"
            jobs = "b"
            [[files]]
            guest_path = "/a"
            [[files]]
            guest_path = "/b"
            processes = ["jobs", ""]
            [[metrics]]
            port = 1
            [[metrics]]
            port = 2
            processes = ["app", "jobs"]
            """
        let config = try TestConfig.read(text).config
        #expect(config.files(for: "app").map(\.guestPath) == ["/a", "/b"])
        #expect(config.files(for: "jobs").map(\.guestPath) == ["/b"])
        #expect(config.metrics(for: "app")?.port == 1)
        #expect(config.metrics(for: "jobs")?.port == 2)
    }

    @Test("a service over UDP is kept, and no host is asked to serve it")
    func udp() throws {
        let config = try TestConfig.read("[[services]]\nprotocol = 'udp'\n[[services.ports]]\nport = 53").config
        #expect(config.services.count == 1)
        #expect(config.services(for: "app").isEmpty)
    }

    @Test("a Machine with a GPU has Fly's size for one when it names none")
    func gpu() throws {
        let config = try TestConfig.read("[[vm]]\ngpu_kind = 'a10'").config
        #expect(config.guest(for: "app") == GuestSize.preset("performance-8x"))
        #expect(config.vms.first?.options?.gpuKind == "a10")
    }

    @Test("a key without effect is named once, however often it stands there")
    func once() throws {
        let text = """
            [[services]]
            [[services.ports]]
            port = 1
            handlers = ["edge_http"]
            http_options = { headers_read_timeout = 5 }
            [[services.ports]]
            port = 2
            handlers = ["tls", "edge_http"]
            http_options = { headers_read_timeout = 5 }
            """
        #expect(
            try TestConfig.read(text).warnings.map(\.description) == [
                "fly.toml:4:13: services[0].ports[0].handlers[0]: the handler \"edge_http\" has no effect on this host yet",
                "fly.toml:5:18: services[0].ports[0].http_options.headers_read_timeout has no effect on this host yet",
            ]
        )
    }

    @Test("doubtful sections are warned of")
    func doubts() throws {
        let text = """
            [[statics]]
            guest_path = "/a"
            url_prefix = "/s"
            index_document = "i"
            [[statics]]
            guest_path = "/b"
            url_prefix = "/s"
            [[files]]
            guest_path = "/f"
            local_path = "f"
            secret_name = "F"
            """
        #expect(
            try TestConfig.read(text).warnings.map(\.description) == [
                "fly.toml:4:1: statics[0].index_document: counts only beside tigris_bucket",
                "fly.toml:7:1: statics[1].url_prefix: \"/s\" is served by an earlier one already",
                "fly.toml:8:1: files[0]: has local_path and secret_name; the first counts",
            ]
        )
    }

    @Test("[[statics]] reach the Machines that serve HTTP, and what nothing serves here is said")
    func statics() throws {
        let text = """
            [processes]
            web = "x"
            worker = "y"
            [http_service]
            internal_port = 8000
            processes = ["web"]
            [[statics]]
            guest_path = "/app/static/"
            url_prefix = "/static"

            """
        let config = try TestConfig.clean(text)
        let files = try #require(StaticFiles(guestPath: "/app/static", urlPrefix: "/static"))
        #expect(config.machineConfig(group: "web", image: "x", region: "r").statics == [files])
        #expect(config.machineConfig(group: "worker", image: "x", region: "r").statics == nil)
        let others = """
            [[statics]]
            guest_path = "public"
            url_prefix = "/p"
            [[statics]]
            guest_path = "x"
            url_prefix = "/x"
            tigris_bucket = "b"
            """
        let expected = "expected the absolute path of a folder in the image"
        #expect(
            try TestConfig.read(text + others).warnings.map(\.description) == [
                "fly.toml:11:1: statics[1].guest_path: not served here, \(expected)",
                "fly.toml:16:1: statics[2].tigris_bucket has no effect on this host yet",
            ]
        )
    }

    @Test("the small \"get\" of Fly's own templates is sent as the method that apps answer", arguments: ["get", "GET"])
    func method(text: String) throws {
        let config = try TestConfig.clean("[http_service]\n[[http_service.checks]]\nmethod = '\(text)'")
        #expect(config.httpService?.settings.checks.map(\.method) == ["GET"])
    }

    @Test("kernel arguments may be one string, as Fly's own example has them")
    func kernelArguments() throws {
        let one = try TestConfig.read("[[vm]]\nkernel_args = 'quiet'").config
        #expect(one == (try TestConfig.read("[[vm]]\nkernel_args = ['quiet']").config))
    }

    @Test("words are joined so that they are split into the same again")
    func words() throws {
        let cases: [[String]] = [
            [], [""], ["a", "b c"], ["it's"], ["\"q\"", "\\"], ["#", "a#"], ["$X", "&&", "|"], ["é\n\t", "' \" \\"],
        ]
        for words in cases {
            #expect(try Words.split(Words.join(words)) == words)
        }
        #expect(Words.join(["sh", "-c", "echo 'x' && true"]) == #"sh -c "echo 'x' && true""#)
    }
}
