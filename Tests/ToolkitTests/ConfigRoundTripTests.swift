import Foundation
import Model
import Testing
import Toolkit

@Suite("Configurations written and read again")
struct ConfigRoundTripTests {
    @Test(
        "the tree of a file says the same from each format through each other one",
        arguments: texts,
        ConfigFormat.allCases
    )
    func trees(text: String, first: ConfigFormat) throws {
        let root = try TOML.parse(text, file: "fly.toml")
        let written = try first.parse(Array(first.text(of: root).utf8), file: "first")
        #expect(written.saysTheSame(as: root))
        for second in ConfigFormat.allCases {
            let again = try second.parse(Array(second.text(of: written).utf8), file: "second")
            #expect(again.saysTheSame(as: root), "\(first) to \(second)")
        }
    }

    @Test("values are the same after every pair of formats, with defaults and without", arguments: texts)
    func values(text: String) throws {
        let config = try Self.config(TOML.parse(text, file: "fly.toml"))
        for first in ConfigFormat.allCases {
            for second in ConfigFormat.allCases {
                for omits in [true, false] {
                    let style = ConfigStyle(omitsDefaults: omits, hasWireForm: first == .json)
                    let once = try first.parse(Array(first.text(of: config.tree(style)).utf8), file: "first")
                    let twice = try second.parse(Array(second.text(of: once).utf8), file: "second")
                    #expect(try Self.config(once) == config, "\(first), defaults left out: \(omits)")
                    #expect(try Self.config(twice) == config, "\(first) to \(second), defaults left out: \(omits)")
                }
            }
        }
    }

    @Test("nothing of a file is dropped: without any one key, it means something else")
    func kept() throws {
        let text = TOMLAppConfigTests.complete
        let config = try Self.config(TOML.parse(text, file: "fly.toml"))
        // What holds without being said, and what a newer key overrides.
        let idle: Set<String> = [
            "deploy.strategy", "experimental.kill_timeout", "experimental.metrics_port", "experimental.metrics_path",
            "services[0].protocol", "services[0].concurrency.type",
        ]
        var unchanged: Set<String> = []
        for path in Self.paths(try TOML.parse(text, file: "f"), []) {
            var editor = try TOMLEditor(text, file: "f")
            #expect(try editor.remove(path))
            let diagnosis = AppConfig.diagnose(try TOML.parse(editor.text, file: "f"), file: "f", regions: [])
            if diagnosis.config == config { unchanged.insert(path.description) }
        }
        #expect(unchanged == idle)
    }

    @Test("a file is read alike as TOML, JSON and YAML", arguments: texts, [ConfigFormat.json, .yaml])
    func formats(text: String, format: ConfigFormat) throws {
        let root = try TOML.parse(text, file: "fly.toml")
        let other = try format.parse(Array(format.text(of: root).utf8), file: "fly")
        #expect(try Self.config(other) == Self.config(root))
    }

    @Test("a release that keeps everything is read back", arguments: texts)
    func stored(text: String) throws {
        let config = try Self.config(TOML.parse(text, file: "fly.toml"))
        #expect(try JSONDecoder().decode(AppConfig.self, from: JSONEncoder().encode(config)) == config)
        try config.check()
    }

    @Test("writes autostop as Fly does: words, in JSON false, true and a word")
    func autostop() throws {
        let config = try Self.config(
            TOML.parse(
                "[http_service]\nauto_stop_machines = true\n[[services]]\nauto_stop_machines = \"suspend\"",
                file: "f"
            )
        )
        let words = config.tree(ConfigStyle(omitsDefaults: false, hasWireForm: false))
        let wire = config.tree(ConfigStyle(omitsDefaults: false, hasWireForm: true))
        #expect(words["http_service"]?["auto_stop_machines"]?.value == .string("stop"))
        #expect(wire["http_service"]?["auto_stop_machines"]?.value == .boolean(true))
        #expect(wire.value(at: ["services", 0, "auto_stop_machines"])?.value == .string("suspend"))
    }

    @Test("leaves out what is the same unsaid, and writes durations as Go does")
    func brief() throws {
        let text = """
            kill_timeout = 120
            [http_service]
              internal_port = 8080
              auto_stop_machines = "off"
              [http_service.concurrency]
                type = "connections"
                soft_limit = 20
              [[http_service.checks]]
                interval = "15s"
                path = "/up"
            [[restart]]
              policy = "never"
              retries = 10
            """
        let config = try Self.config(TOML.parse(text, file: "fly.toml"))
        let written = """
            kill_timeout = "2m0s"

            [http_service]
              internal_port = 8080

              [[http_service.checks]]
                path = "/up"

            [[restart]]
              policy = "never"

            """
        #expect(try TOMLWriter.text(of: config.tree(ConfigStyle(omitsDefaults: true, hasWireForm: false))) == written)
    }

    @Test(
        "a format without a form for a value says so",
        arguments: [(ConfigFormat.json, "a = inf"), (.yaml, "a = nan"), (.json, "a = [[-inf]]")]
    )
    func unsupported(format: ConfigFormat, text: String) throws {
        let root = try TOML.parse(text, file: "f")
        let fault = #expect(throws: Fault.self) { try format.text(of: root) }
        #expect(fault?.code == .invalidConfig)
    }

    // MARK: - Private

    private static func config(_ root: ConfigNode) throws(Fault) -> AppConfig {
        try AppConfig.read(root, file: "fly", regions: ["den9"]).config
    }

    /// All that is no table.
    private static func paths(_ node: ConfigNode, _ path: [ConfigPath.Part]) -> [ConfigPath] {
        switch node.value {
        case .table(let entries): entries.flatMap { paths($0.node, path + [.key($0.key)]) }
        case .array(let nodes): nodes.enumerated().flatMap { paths($0.element, path + [.index($0.offset)]) }
        default: [ConfigPath(path)]
        }
    }

    /// Fixtures, and the traps of a survey of public files.
    static let texts = [
        TOMLAppConfigTests.worked, TOMLAppConfigTests.oldForms, TOMLAppConfigTests.newForms,
        TOMLAppConfigTests.everything, TOMLAppConfigTests.complete, "",
        "[env]\nA = 'true'\nB = \"1.0\"\nC = '~'\nD = 'null'\nE = ''\nF = '-'\nG = '2024-01-01'\nH = '0x10'\nI = ' a'\nJ = 'a:'",
        "[env]\nOFF = 'off'\n\"a.b\" = 'x'\n\"ключ\" = 'é'\nLS = \"a\\u2028b\\uFEFF\"\nBIG = 9007199254740993\nTINY = 1e-9",
        "[[processes]]\n[[services]]\ninternal_port = \"80\"\n[[services.ports]]\nport = \"80\"\nhandlers = [\"http\"]",
        "[http_service]\n[http_service.http_options]\n[http_service.tls_options]\nalpn = []\n[build.compose]",
        "[processes]\na = \"sh -c 'echo \\\"$X\\\" # no' \\\\# #c\"\n[[vm]]\ngpu_kind = 'l40s'\n[[vm]]\nmemory = 2048",
        "[checks.tcp]\ntype = 'tcp'\nport = 1\nmethod = 'put'\npath = '/x'\nheaders = { A = '1' }",
        "[deploy]\nmax_unavailable = 3\nrelease_command = ''\n[deploy.release_command_vm]\nsize = 'performance-2x'",
    ]
}
