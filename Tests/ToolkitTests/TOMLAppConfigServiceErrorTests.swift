import Model
import Testing
import Toolkit

@Suite("Errors in services of fly.toml")
struct TOMLAppConfigServiceErrorTests {
    @Test("names place, path, what was found and what is allowed", arguments: rows)
    func golden(row: GoldenRow) {
        #expect(row.found == row.expected)
    }

    private typealias Row = GoldenRow

    private static let rows: [GoldenRow] = [
        Row(
            "the example of the specification",
            """
            app = "a"






            [http_service]
              internal_port = "80a"
            """,
            #"fly.toml:9:19: http_service.internal_port: found string "80a", expected an integer from 1 to 65535"#
        ),
        Row(
            "http_service takes no numeric string",
            """
            [http_service]
            internal_port = "8080"
            """,
            #"fly.toml:2:17: http_service.internal_port: found string "8080", expected an integer from 1 to 65535"#
        ),
        Row(
            "ports end at 65535",
            """
            [http_service]
            internal_port = 65536
            """,
            "fly.toml:2:17: http_service.internal_port: found integer 65536, expected an integer from 1 to 65535"
        ),
        Row(
            "ports begin at 1",
            """
            [http_service]
            internal_port = 0
            """,
            "fly.toml:2:17: http_service.internal_port: found integer 0, expected an integer from 1 to 65535"
        ),
        Row(
            "true as a string",
            """
            [http_service]
            auto_start_machines = "true"
            """,
            #"fly.toml:2:23: http_service.auto_start_machines: found string "true", expected true or false"#
        ),
        Row(
            "true as a string, where words are allowed",
            """
            [http_service]
            auto_stop_machines = "true"
            """,
            """
            fly.toml:2:22: http_service.auto_stop_machines: found string "true", expected one of "off", "stop" or \
            "suspend", or true for "stop", false for "off"
            """
        ),
        Row(
            "a list of host names with bad ones",
            """
            [http_service]
            hostnames = ["notes.example.com", "localhost", "a_b.example.com", "*.example.com", "10.0.0.1"]
            """,
            """
            fly.toml:2:35: http_service.hostnames[1]: found string "localhost", expected a host name such as \
            "notes.example.com"
            fly.toml:2:48: http_service.hostnames[2]: found string "a_b.example.com", expected a host name such as \
            "notes.example.com"
            fly.toml:2:67: http_service.hostnames[3]: found string "*.example.com", expected a host name such as \
            "notes.example.com"
            fly.toml:2:84: http_service.hostnames[4]: found string "10.0.0.1", expected a host name such as \
            "notes.example.com"
            """
        ),
        Row(
            "host names as a string",
            """
            [http_service]
            hostnames = "notes.example.com"
            """,
            """
            fly.toml:2:13: http_service.hostnames: found string "notes.example.com", expected a list of strings \
            such as ["a", "b"]
            """
        ),
        Row(
            "processes as a string",
            """
            [http_service]
            processes = "app"
            """,
            """
            fly.toml:2:13: http_service.processes: found string "app", expected a list of strings such as ["a", "b"]
            """
        ),
        Row(
            "app is the only group without [processes]",
            """
            [http_service]
            processes = ["web"]
            """,
            #"fly.toml:2:14: http_service.processes[0]: found string "web", expected a process group: "app""#
        ),
        Row(
            "a service has to name its groups when there are some",
            """
            [processes]
            web = "a"
            jobs = "b"
            [http_service]
            internal_port = 80
            """,
            """
            fly.toml:4:1: http_service.processes: missing, expected a list out of the 2 groups that [processes] \
            defines: ["jobs", "web"]
            """
        ),
        Row(
            "and an empty list names none",
            """
            [processes]
            web = "a"
            [http_service]
            processes = []
            """,
            """
            fly.toml:3:1: http_service.processes: missing, expected a list out of the 1 group that [processes] \
            defines: ["web"]
            """
        ),
        Row(
            "an undefined group, nearest first",
            """
            [processes]
            web = "a"
            jobs = "b"
            [http_service]
            processes = ["jbs"]
            """,
            """
            fly.toml:5:14: http_service.processes[0]: found string "jbs", expected a process group: one of "jobs" \
            or "web"
            """
        ),
        Row(
            "several http services",
            """
            [[http_service]]
            internal_port = 80
            """,
            "fly.toml:1:1: http_service: found an array, expected a table, [http_service]"
        ),
        Row(
            "concurrency of http_service is a table",
            """
            [[http_service.concurrency]]
            soft_limit = 5
            """,
            """
            fly.toml:1:1: http_service.concurrency: found an array, expected a table, [http_service.concurrency]
            """
        ),
        Row(
            "the old concurrency is for services alone",
            """
            [http_service]
            concurrency = "20,25"
            """,
            """
            fly.toml:2:15: http_service.concurrency: found string "20,25", expected a table, \
            [http_service.concurrency]
            """
        ),
        Row(
            "an unknown unit of load",
            """
            [http_service.concurrency]
            type = "conections"
            """,
            """
            fly.toml:2:8: http_service.concurrency.type: found string "conections", expected one of "connections" \
            or "requests"
            """
        ),
        Row(
            "concurrency as a number",
            """
            [[services]]
            concurrency = 25
            [[services.ports]]
            port = 80
            """,
            """
            fly.toml:2:15: services[0].concurrency: found integer 25, expected a table with type, soft_limit and \
            hard_limit, or a string "soft,hard"
            """
        ),
        Row(
            "concurrency with one number",
            """
            [[services]]
            concurrency = "25"
            [[services.ports]]
            port = 80
            """,
            """
            fly.toml:2:15: services[0].concurrency: found string "25", expected a table with type, soft_limit and \
            hard_limit, or a string "soft,hard"
            """
        ),
        Row(
            "a port that is no number",
            """
            [[services]]
            [[services.ports]]
            port = "http"
            """,
            #"fly.toml:3:8: services[0].ports[0].port: found string "http", expected an integer from 1 to 65535"#
        ),
        Row(
            "a port section without a port",
            """
            [[services]]
            [[services.ports]]
            handlers = ["http"]
            """,
            "fly.toml:2:1: services[0].ports[0].port: missing, expected an integer from 1 to 65535"
        ),
        Row(
            "an unknown handler, nearest first",
            """
            [[services]]
            [[services.ports]]
            port = 443
            handlers = ["tsl", "http"]
            """,
            """
            fly.toml:4:13: services[0].ports[0].handlers[0]: found string "tsl", expected one of tls, http, pg_tls, \
            edge_http or proxy_proto
            """
        ),
        Row(
            "force_https without the http handler",
            """
            [[services]]
            [[services.ports]]
            port = 80
            force_https = true
            """,
            """
            fly.toml:4:1: services[0].ports[0].force_https: found true, expected it only beside the handler "http"
            """
        ),
        Row(
            "an unknown protocol",
            """
            [[services]]
            protocol = "sctp"
            """,
            #"fly.toml:2:12: services[0].protocol: found string "sctp", expected one of "tcp" or "udp""#
        ),
    ]
}
