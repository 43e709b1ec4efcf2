import Model
import Testing
import Toolkit

@Suite("Errors in checks of fly.toml")
struct TOMLAppConfigCheckErrorTests {
    @Test("names place, path, what was found and what is allowed", arguments: rows)
    func golden(row: GoldenRow) {
        #expect(row.found == row.expected)
    }

    private typealias Row = GoldenRow

    private static let rows: [GoldenRow] = [
        Row(
            "checks of http_service are an array",
            """
            [http_service.checks]
            path = "/"
            """,
            """
            fly.toml:1:1: http_service.checks: found a table, expected an array of tables, [[http_service.checks]]
            """
        ),
        Row(
            "headers of http_service are not coerced",
            """
            [[http_service.checks]]
            headers = { X-A = 1 }
            """,
            "fly.toml:2:19: http_service.checks[0].headers.X-A: found integer 1, expected a string"
        ),
        Row(
            "a check's protocol",
            """
            [[http_service.checks]]
            protocol = "ftp"
            """,
            """
            fly.toml:2:12: http_service.checks[0].protocol: found string "ftp", expected one of "http" or "https"
            """
        ),
        Row(
            "a check without a type",
            """
            [checks.live]
            port = 80
            """,
            #"fly.toml:1:1: checks.live.type: missing, expected "tcp" or "http""#
        ),
        Row(
            "a check with an unknown type",
            """
            [checks.live]
            type = "grpc"
            port = 80
            """,
            #"fly.toml:2:8: checks.live.type: found string "grpc", expected one of "tcp" or "http""#
        ),
        Row(
            "an interval below two seconds, in milliseconds",
            """
            [checks.live]
            type = "tcp"
            port = 80
            interval = 1999
            """,
            "fly.toml:4:12: checks.live.interval: found integer 1999, expected a duration from 2s up"
        ),
        Row(
            "a timeout above a minute",
            """
            [checks.live]
            type = "tcp"
            port = 80
            timeout = "61s"
            """,
            #"fly.toml:4:11: checks.live.timeout: found string "61s", expected a duration above 0s, up to 1m"#
        ),
        Row(
            "a check without a port and without http_service",
            """
            [checks.live]
            type = "tcp"
            """,
            """
            fly.toml:1:1: checks.live.port: missing, expected an integer from 1 to 65535, since the group "app" has \
            no [http_service] to take it from
            """
        ),
        Row(
            "a check without a port for a group that http_service is not for",
            """
            [processes]
            web = "a"
            jobs = "b"
            [http_service]
            processes = ["web"]
            [checks.live]
            type = "tcp"
            processes = ["jobs"]
            """,
            """
            fly.toml:6:1: checks.live.port: missing, expected an integer from 1 to 65535, since the group "jobs" \
            has no [http_service] to take it from
            """
        ),
        Row(
            "an old check without a name",
            """
            [[checks]]
            type = "tcp"
            port = 80
            """,
            "fly.toml:1:1: checks[0].name: missing, expected the name of the check"
        ),
        Row(
            "a header that would begin another one",
            #"""
            [[http_service.checks]]
            headers = { X-A = "1\r\nX-B: 2" }
            """#,
            #"""
            fly.toml:2:11: http_service.checks[0].headers: found "X-A: 1\r\nX-B: 2", expected a header that HTTP \#
            allows
            """#
        ),
        Row(
            "a path that is no path",
            """
            [[http_service.checks]]
            path = "health"
            """,
            #"fly.toml:2:8: http_service.checks[0].path: found string "health", expected a path such as "/health""#
        ),
        Row(
            "a method with a blank",
            """
            [checks.live]
            type = "http"
            port = 80
            method = "GET /"
            """,
            #"fly.toml:4:10: checks.live.method: found string "GET /", expected a method such as "GET""#
        ),
    ]
}
