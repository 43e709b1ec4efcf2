import Model
import Testing
import Toolkit

@Suite("Errors in the top of fly.toml, [processes], [env], [build] and [deploy]")
struct TOMLAppConfigErrorTests {
    @Test("names place, path, what was found and what is allowed", arguments: rows)
    func golden(row: GoldenRow) {
        #expect(row.found == row.expected)
    }

    private typealias Row = GoldenRow

    private static let rows: [GoldenRow] = [
        Row(
            "a wrong type of app",
            "app = 7",
            "fly.toml:1:7: app: found integer 7, expected an app name"
        ),
        Row(
            "an unknown region lists the allowed ones, nearest first",
            #"primary_region = "amz""#,
            """
            fly.toml:1:18: primary_region: found string "amz", expected a region: one of ams, arn, atl, mad, yyz, \
            bog, bom, bos, cdg, den, dfw, ewr, eze, fra, gdl, gig, gru, hkg, iad, jnb, lax, lhr, mia, nrt, ord, \
            otp, phx, qro, scl, sea, sin, sjc, syd, waw, yul, den9 or local
            """
        ),
        Row(
            "a signal that no stop uses",
            #"kill_signal = "15""#,
            """
            fly.toml:1:15: kill_signal: found string "15", expected one of "SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", \
            "SIGUSR1", "SIGUSR2", "SIGTERM" or "SIGSTOP"
            """
        ),
        Row(
            "a bare number in a string is no duration",
            #"kill_timeout = "30""#,
            """
            fly.toml:1:16: kill_timeout: found string "30", expected a duration such as "10s" or "1m30s" (units ns, \
            us, ms, s, m, h) from 0s to 8760h
            """
        ),
        Row(
            "days are no unit of Go",
            #"kill_timeout = "1d""#,
            """
            fly.toml:1:16: kill_timeout: found string "1d", expected a duration such as "10s" or "1m30s" (units ns, \
            us, ms, s, m, h) from 0s to 8760h
            """
        ),
        Row(
            "a negative duration",
            #"kill_timeout = "-5s""#,
            """
            fly.toml:1:16: kill_timeout: found string "-5s", expected a duration such as "10s" or "1m30s" (units \
            ns, us, ms, s, m, h) from 0s to 8760h
            """
        ),
        Row(
            "a negative number",
            "kill_timeout = -5",
            """
            fly.toml:1:16: kill_timeout: found integer -5, expected a duration such as "10s" or "1m30s" (units ns, \
            us, ms, s, m, h) from 0s to 8760h
            """
        ),
        Row(
            "a huge duration does not overflow",
            #"kill_timeout = "999999999999h""#,
            """
            fly.toml:1:16: kill_timeout: found string "999999999999h", expected a duration such as "10s" or "1m30s" \
            (units ns, us, ms, s, m, h) from 0s to 8760h
            """
        ),
        Row(
            "a string is no integer outside services",
            #"swap_size_mb = "512""#,
            #"fly.toml:1:16: swap_size_mb: found string "512", expected an integer from 0 to 1048576"#
        ),
        Row(
            "a fraction is no integer",
            "swap_size_mb = 512.5",
            "fly.toml:1:16: swap_size_mb: found float 512.5, expected an integer from 0 to 1048576"
        ),
        Row(
            "processes are strings",
            """
            [processes]
            web = ["a", "b"]
            """,
            "fly.toml:2:7: processes.web: found an array, expected a command as one string"
        ),
        Row(
            "a command with an open quote",
            """
            [processes]
            web = "sh -c 'x"
            """,
            "fly.toml:2:7: processes.web: the single quote at character 7 is never closed"
        ),
        Row(
            "a group without a name",
            """
            [processes]
            "" = "x"
            """,
            #"fly.toml:2:1: processes: found "", expected the name of a process group"#
        ),
        Row(
            "processes as a string",
            #"processes = "web""#,
            #"fly.toml:1:13: processes: found string "web", expected a table"#
        ),
        Row(
            "an old process without a name",
            """
            [[processes]]
            command = "x"
            """,
            "fly.toml:1:1: processes[0].name: missing, expected the name of a process group"
        ),
        Row(
            "an environment name with an equals sign",
            """
            [env]
            "A=B" = "x"
            """,
            #"fly.toml:2:1: env: found the name "A=B", expected one without "=" and NUL that is not empty"#
        ),
        Row(
            "a NUL in an environment value",
            #"""
            [env]
            A = "x\u0000y"
            """#,
            #"fly.toml:2:5: env.A: found string "x\0y", expected text without NUL"#
        ),
        Row(
            "a section that is no table",
            "env = 3",
            "fly.toml:1:7: env: found integer 3, expected a table"
        ),
        Row(
            "an unknown compression",
            """
            [build]
            compression = "lz4"
            """,
            #"fly.toml:2:15: build.compression: found string "lz4", expected one of "gzip" or "zstd""#
        ),
        Row(
            "a compression level out of range",
            """
            [build]
            compression_level = 12
            """,
            "fly.toml:2:21: build.compression_level: found integer 12, expected an integer from 0 to 9"
        ),
        Row(
            "build arguments are not coerced",
            """
            [build.args]
            A = 1
            """,
            "fly.toml:2:5: build.args.A: found integer 1, expected a string"
        ),
        Row(
            "build as an array of tables",
            """
            [[build]]
            image = "x"
            """,
            "fly.toml:1:1: build: found an array, expected a table, [build]"
        ),
        Row(
            "an unknown strategy, nearest first",
            """
            [deploy]
            strategy = "blue-green"
            """,
            """
            fly.toml:2:12: deploy.strategy: found string "blue-green", expected one of "bluegreen", "immediate", \
            "rolling" or "canary"
            """
        ),
        Row(
            "a canary can't share a volume",
            """
            [deploy]
            strategy = "canary"
            [[mounts]]
            source = "data"
            destination = "/data"
            """,
            """
            fly.toml:2:12: deploy.strategy: found string "canary", expected "rolling" or "immediate", because the \
            app has mounts, and a volume is never shared
            """
        ),
        Row(
            "nor can a bluegreen roll-out",
            """
            [deploy]
            strategy = "bluegreen"
            [mounts]
            source = "data"
            destination = "/data"
            """,
            """
            fly.toml:2:12: deploy.strategy: found string "bluegreen", expected "rolling" or "immediate", because \
            the app has mounts, and a volume is never shared
            """
        ),
        Row(
            "percentages are not taken",
            """
            [deploy]
            max_unavailable = "25%"
            """,
            """
            fly.toml:2:19: deploy.max_unavailable: found string "25%", expected a number above 0: 2 is two \
            Machines, 0.25 a quarter of them
            """
        ),
        Row(
            "no Machine at all may not be the limit",
            """
            [deploy]
            max_unavailable = 0
            """,
            """
            fly.toml:2:19: deploy.max_unavailable: found integer 0, expected a number above 0: 2 is two Machines, \
            0.25 a quarter of them
            """
        ),
        Row(
            "a release command with an open quote",
            #"""
            [deploy]
            release_command = "sh -c \"x"
            """#,
            "fly.toml:2:19: deploy.release_command: the double quote at character 7 is never closed"
        ),
        Row(
            "a release command as a list",
            """
            [deploy]
            release_command = ["a"]
            """,
            "fly.toml:2:19: deploy.release_command: found an array, expected a command as one string"
        ),
        Row(
            "nothing gets ready in no time",
            """
            [deploy]
            wait_timeout = "0s"
            """,
            #"fly.toml:2:16: deploy.wait_timeout: found string "0s", expected a duration above 0s"#
        ),
        Row(
            "the memory of the release command's Machine is a string",
            """
            [deploy.release_command_vm]
            memory = 512
            """,
            """
            fly.toml:2:10: deploy.release_command_vm.memory: found integer 512, expected memory such as "512mb" or \
            "1gb", at least 1 MiB
            """
        ),
        Row(
            "all errors are said at once, in the order of the file",
            """
            app = 1
            [http_service]
            internal_port = 0
            [deploy]
            strategy = "fast"
            [env]
            "=" = 1
            """,
            """
            fly.toml:1:7: app: found integer 1, expected an app name
            fly.toml:3:17: http_service.internal_port: found integer 0, expected an integer from 1 to 65535
            fly.toml:5:12: deploy.strategy: found string "fast", expected one of "canary", "rolling", "immediate" \
            or "bluegreen"
            fly.toml:7:1: env: found the name "=", expected one without "=" and NUL that is not empty
            """
        ),
        Row(
            "long and odd text is cut and escaped",
            #"""
            kill_signal = \#
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\#
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\u001b[\#
            31m"
            """#,
            #"""
            fly.toml:1:15: kill_signal: found string \#
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…xxxxx\u{1B}[31m", expected one of \#
            "SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGTERM" or "SIGSTOP"
            """#
        ),
    ]
}
