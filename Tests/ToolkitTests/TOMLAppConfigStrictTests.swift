import Foundation
import Model
import Testing
import Toolkit

@Suite("fly.toml, strictly")
struct TOMLAppConfigStrictTests {
    @Test("every key of Fly is known, in every section")
    func complete() throws {
        let diagnosis = try Self.diagnose(TOMLAppConfigTests.complete)
        #expect(diagnosis.errors.isEmpty, "\(diagnosis.errors)")
        #expect(try !Self.diagnose(TOMLAppConfigTests.oldForms).errors.contains { $0.message.contains("unknown") })
    }

    @Test("the fixture with every key has each key of the specification once, and only Roost's own beside")
    func keys() throws {
        var found: Set<String> = []
        Self.collect(try TOML.parse(TOMLAppConfigTests.complete, file: "f"), "", into: &found)
        let known = Set(FlyKeys.all)
        #expect(known.subtracting(found).sorted() == [])
        #expect(found.subtracting(known).sorted() == AppConfig.ownKeys.map(\.path).sorted())
    }

    @Test("Roost's own keys are none of Fly's, and stand in the manual, one in a row")
    func ownKeys() throws {
        #expect(Set(FlyKeys.all + FlyKeys.old).isDisjoint(with: AppConfig.ownKeys.map(\.path)))
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/fly-toml.md"), encoding: .utf8)
        let section = page.components(separatedBy: "\n## ").first { $0.hasPrefix("Roost's own keys") } ?? ""
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let documented = rows.map { $0.split(separator: "`")[1] }
        #expect(documented.map(String.init) == AppConfig.ownKeys.map(\.path))
    }

    @Test(
        "an unknown key or section is an error wherever it stands, with the nearest known one",
        arguments: [
            ("prmary_region = 'ams'", #"f:1:1: unknown key "prmary_region"; did you mean "primary_region"?"#),
            ("[zzzz]\na = 1", #"f:1:2: unknown section "zzzz""#),
            ("[http_service]\nport = 1", #"f:2:1: unknown key "http_service.port""#),
            (
                "[[services]]\n[[services.ports]]\nport = 1\nhandler = []",
                #"f:4:1: unknown key "services[0].ports[0].handler"; did you mean "services[0].ports[0].handlers"?"#
            ),
            (
                "[[services]]\nports = [{ port = 1 }]\n[[services.tcp_checks]]\ntime_out = '2s'",
                #"f:4:1: unknown key "services[0].tcp_checks[0].time_out"; did you mean "services[0].tcp_checks[0].timeout"?"#
            ),
            (
                "[mounts]\nsource = 'a'\ndestination = '/a'\nsize = 1",
                #"f:4:1: unknown key "mounts.size""#
            ),
            (
                "[[vm]]\nswap_size_mb = 512",
                #"f:2:1: unknown key "vm[0].swap_size_mb"; it belongs at the top, before the first section"#
            ),
            (
                "[http_service]\nauto_machine_stop = true",
                #"f:2:1: unknown key "http_service.auto_machine_stop"; did you mean "http_service.auto_stop_machines"?"#
            ),
            ("[metrics]\nport = 1\npth = '/'", #"f:3:1: unknown key "metrics.pth"; did you mean "metrics.path"?"#),
            (
                "[deploy.release_command_vm]\ncpu = 1",
                #"f:2:1: unknown key "deploy.release_command_vm.cpu"; did you mean "deploy.release_command_vm.cpus"?"#
            ),
            (
                "[http_service.http_options.response]\nheader = {}",
                #"f:2:1: unknown section "http_service.http_options.response.header"; did you mean "http_service.http_options.response.headers"?"#
            ),
            (
                "[experimental.attached]\nsecret = {}",
                #"f:2:1: unknown section "experimental.attached.secret"; did you mean "experimental.attached.secrets"?"#
            ),
            (
                "[build.compose]\nfiles = 'a'",
                #"f:2:1: unknown key "build.compose.files"; did you mean "build.compose.file"?"#
            ),
            ("allowed_public_ports = []", "f:1:1: allowed_public_ports is obsolete and has no effect"),
            (
                "[[services]]\nports = [{ port = 1 }]\n[[services.script_checks]]",
                "f:3:12: services[0].script_checks is obsolete and has no effect"
            ),
        ]
    )
    func unknown(text: String, message: String) throws {
        let strict = try Self.diagnose(text)
        #expect(strict.errors.map(\.description) == [message])
        #expect(strict.config == nil)
        let lenient = AppConfig.diagnose(try TOML.parse(text, file: "f"), file: "f", regions: [])
        #expect(lenient.errors.isEmpty)
        #expect(lenient.warnings.map(\.description).contains(message))
    }

    @Test("names that a person makes up are no unknown keys")
    func names() throws {
        let text = """
            [env]
            anything = 1
            [processes]
            app = "a"
            [build.args]
            x = "y"
            [build.settings]
            z = 1
            [checks.what]
            type = "tcp"
            port = 1
            """
        #expect(try Self.diagnose(text).errors.isEmpty)
    }

    // MARK: - Private

    private static func diagnose(_ text: String) throws(Fault) -> ConfigDiagnosis {
        AppConfig.diagnose(try TOML.parse(text, file: "f"), file: "f", regions: [], strict: true)
    }

    /// The keys of a tree, those that are made up as `*`.
    private static func collect(_ node: ConfigNode, _ path: String, into keys: inout Set<String>) {
        switch node.value {
        case .array(let nodes):
            for node in nodes { collect(node, path, into: &keys) }
        case .table(let entries):
            let isMap = FlyKeys.maps.contains(path) || path.hasSuffix(".headers")
            for entry in entries {
                let key = isMap ? "*" : entry.key
                let inner = path.isEmpty ? key : "\(path).\(key)"
                keys.insert(inner)
                collect(entry.node, inner, into: &keys)
            }
        default: break
        }
    }
}
