import Model
import Testing
import Toolkit

/// What a survey of public files and of changed copies of them found to differ from flyctl's verdict.
@Suite("Verdicts as flyctl gives them")
struct FlyVerdictTests {
    @Test("is said, row by row", arguments: rows)
    func golden(row: GoldenRow) {
        #expect(row.found == row.expected)
    }

    @Test("a template's placeholder, an address of a Dockerfile, the whole of a bucket, SIGSTOP: taken")
    func taken() throws {
        let config = try TestConfig.read(
            """
            app = "{{ name }}"
            kill_signal = "SIGSTOP"
            [build]
            dockerfile = "https://example.com/Dockerfile"
            [[statics]]
            guest_path = ""
            url_prefix = "/media"
            tigris_bucket = "media"
            """
        ).config
        #expect(config.app == "{{ name }}")
        #expect(config.killSignal == .stop && config.killSignal?.number == 19)
        #expect(config.build.dockerfile == "https://example.com/Dockerfile")
        #expect(config.statics.map(\.guestPath) == [""])
        for format in ConfigFormat.allCases {
            let text = try format.text(of: config.tree(ConfigStyle(omitsDefaults: true, hasWireForm: false)))
            let again = try format.parse(Array(text.utf8), file: "f")
            #expect(try AppConfig.read(again, file: "f", regions: []).config == config, "\(format)")
        }
    }

    private static let rows: [GoldenRow] = [
        GoldenRow(
            "a name that no app can have is for -a to mend",
            #"app = "Notes_App""#,
            """
            fly.toml:1:7: app: found string "Notes_App", which only -a NAME can mend: an app name has 1 to 63 \
            lower-case letters, digits and dashes, no dash at either end
            """
        ),
        GoldenRow(
            "a Dockerfile by URL",
            "[build]\ndockerfile = \"https://example.com/Dockerfile\"",
            "fly.toml:2:1: build.dockerfile: a Dockerfile at a URL has no effect on this host yet"
        ),
        GoldenRow(
            "an empty duration is none where flyctl normalises",
            "kill_timeout = ''\n[checks.a]\ntype = 'tcp'\nport = 1\ninterval = ''",
            ""
        ),
        GoldenRow(
            "an empty duration is an error elsewhere",
            "[deploy]\nwait_timeout = ''\n[http_service]\n[[http_service.checks]]\ntimeout = ''",
            """
            fly.toml:2:16: deploy.wait_timeout: found string "", expected a duration such as "10s" or "1m30s" (units ns, \
            us, ms, s, m, h) from 0s to 8760h
            fly.toml:5:11: http_service.checks[0].timeout: found string "", expected a duration such as "10s" or "1m30s" \
            (units ns, us, ms, s, m, h) from 0s to 8760h
            """
        ),
        GoldenRow(
            "a folder is needed where there is no bucket",
            "[[statics]]\nguest_path = ''\nurl_prefix = '/a'",
            "fly.toml:1:1: statics[0].guest_path: missing, expected a folder of the Machine"
        ),
    ]
}
