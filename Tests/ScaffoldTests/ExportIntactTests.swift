import Foundation
import Model
import Scaffold
import Testing
import Toolkit

/// Whatever text a project has, each reader gets it back as it was.
@Suite("Exports keep hostile text intact")
struct ExportIntactTests {
    @Test("Compose", arguments: HostileFacts.texts)
    func compose(text: String) throws {
        let file = try YAML.parse(made(.compose, text, "compose.yaml"), file: "compose.yaml")
        // Compose puts variables in wherever a dollar sign is not doubled.
        func undone(_ node: ConfigNode?) -> String? { node?.text?.replacing("$$", with: "$") }
        #expect(undone(file["x-app"]?["environment"]?["PLAIN"]) == text)
        #expect(undone(file["services"]?["app"]?["command"]?[1]) == text)
        #expect(undone(file["services"]?["app"]?["build"]?["args"]?["ARG"]) == text)
        #expect(undone(file["services"]?["app"]?["build"]?["dockerfile"]) == text)
        #expect(undone(file["services"]?["migrate"]?["command"]?[1]) == text)
        let single = try #require(file["x-app"]?["environment"]?["PLAIN"]?.text)
        #expect(!single.replacing("$$", with: "").contains("$"), "a dollar sign that Compose would act on")
    }

    @Test("Kubernetes", arguments: HostileFacts.texts)
    func kubernetes(text: String) throws {
        let objects = try YAML.documents(made(.k8s, text, "k8s/app.yaml"), file: "app.yaml")
        let map = try #require(objects.first { $0["kind"]?.text == "ConfigMap" })
        #expect(map["data"]?["PLAIN"]?.text == text)
        let pod = try #require(objects.first { $0["kind"]?.text == "Deployment" }?["spec"]?["template"]?["spec"])
        let word = pod["containers"]?[0]?["args"]?[1]?.text
        #expect(word?.replacing("$$(", with: "$(") == text)
        #expect(word?.replacing("$$(", with: "").contains("$(") == false, "the kubelet would put a variable in")
    }

    @Test("ECS", arguments: HostileFacts.texts)
    func ecs(text: String) throws {
        let raw = try made(.ecs, text, "ecs-taskdef.json")
        let task = try #require(try JSONSerialization.jsonObject(with: Data(raw.utf8)) as? [String: Any])
        let container = try #require((task["containerDefinitions"] as? [[String: Any]])?.first)
        #expect((container["command"] as? [String])?[1] == text)
        let pairs = container["environment"] as? [[String: String]]
        #expect(pairs?.first { $0["name"] == "PLAIN" }?["value"] == text)
        let known = ["AWS_ACCOUNT_ID", "AWS_REGION", "IMAGE", "VPC_CIDR", "SECRET_ARN"]
        let variables = raw.matches(of: #/\$\{([^}]*)\}/#).map { String($0.output.1) }
        #expect(variables.allSatisfy { known.contains($0) }, "envsubst would touch text of the project")
    }

    @Test("Cloud Run", arguments: HostileFacts.texts)
    func cloudRun(text: String) throws {
        let file = try YAML.parse(made(.cloudrun, text, "cloudrun.yaml"), file: "cloudrun.yaml")
        let container = try #require(file["spec"]?["template"]?["spec"]?["containers"]?[0])
        #expect(container["args"]?[1]?.text?.replacing("$$(", with: "$(") == text)
        let value = container["env"]?.elements.first { $0["name"]?.text == "PLAIN" }?["value"]?.text
        #expect(value?.replacing("$$(", with: "$(") == text)
    }

    @Test("Heroku", arguments: HostileFacts.texts)
    func heroku(text: String) async throws {
        let lines = try made(.heroku, text, "Procfile").split(separator: "\n", omittingEmptySubsequences: false)
        let release = try #require(lines.first { $0.hasPrefix("release: ") })
        #expect(lines.count == 5, "a comment, three processes, and nothing after the last line end")
        // A shell has the last word about its syntax.
        let script =
            "cd() { :; }; release() { printf '%s\\n' \"$#\" \"$1.\"; }; \(release.dropFirst("release: ".count))"
        let outcome = try await Command("/bin/sh", ["-c", script]).run()
        #expect(outcome.output == "1\n\(text).\n", "\(release) \(outcome.error)")
        let app = try made(.heroku, text, "app.json")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(app.utf8)) as? [String: Any])
        #expect((json["env"] as? [String: [String: Any]])?["PLAIN"]?["value"] as? String == text)
    }

    @Test("GitHub Actions", arguments: HostileFacts.texts)
    func workflow(text: String) throws {
        let file = try YAML.parse(
            try made(.githubActions, text, ".github/workflows/deploy.yml"),
            file: "deploy.yml"
        )
        let values = try #require(file["jobs"]?["build"]?["env"])
        func evaluated(_ node: ConfigNode?) -> String? { node?.text?.replacing("${{ '${{' }}", with: "${{") }
        #expect(evaluated(values["BUILD_ARG_0"]) == "ARG=\(text)")
        #expect(evaluated(values["STAGE"]) == text)
        let steps = file["jobs"]?["build"]?["steps"]?.elements.compactMap { $0["run"]?.text } ?? []
        #expect(text.count < 3 || !steps.contains { $0.contains(text) }, "text of the project in a script")
    }

    @Test("systemd", arguments: HostileFacts.texts)
    func systemd(text: String) throws {
        let unit = try made(.systemd, text, "systemd/shop.service")
        let value = try #require(unit.split(separator: "\n").first { $0.hasPrefix("Environment=\"PLAIN=") })
        #expect(Self.unquoted(value.dropFirst("Environment=".count)) == "PLAIN=\(text)")
        let start = try #require(unit.split(separator: "\n").first { $0.hasPrefix("ExecStart=") })
        let command = try #require(start.range(of: " -- \"serve\" "))
        let words = start[command.upperBound...]
        #expect(Self.unquoted(words)?.replacing("$$", with: "$") == text)
    }

    @Test("Traefik", arguments: HostileFacts.texts)
    func traefik(text: String) throws {
        let raw = try made(.traefik, text, "traefik/dynamic/app.yaml")
        let actions = raw.replacing("{{`{{`}}", with: "\u{1}")
        #expect(!actions.contains("{{"), "Traefik would evaluate it")
        let file = try YAML.parse(actions.replacing("\u{1}", with: "{{"), file: "app.yaml")
        let path = file["http"]?["services"]?["shop"]?["loadBalancer"]?["healthCheck"]?["path"]?.text
        #expect(path == (HTTPText.isTarget("/\(text)") ? "/\(text)" : nil))
    }

    @Test("gunicorn", arguments: HostileFacts.texts)
    func gunicorn(text: String) async throws {
        let made = try Exporter.export(.gunicorn, ExportInput(facts: HostileFacts.facts(text)))
        let script = """
            import ast, sys
            for node in ast.parse(sys.stdin.read()).body:
                if isinstance(node, ast.Assign) and node.targets[0].id == "chdir":
                    sys.stdout.write(ast.literal_eval(node.value))
            """
        let outcome = try await Command("python3", ["-c", script], input: made.files[0].text).run()
        #expect(outcome.output.replacing("\r\n", with: "\n") == text.replacing("\r\n", with: "\n"), "\(outcome.error)")
    }

    @Test("nothing that comes out breaks a line of the notes", arguments: ExportTarget.allCases)
    func notes(target: ExportTarget) throws {
        for item in ExportCases.hostile {
            guard let made = try? Exporter.export(target, item.input) else { continue }
            for line in made.notes + made.needed {
                #expect(!line.unicodeScalars.contains { $0.value < 32 || $0.value == 0x202E }, "\(item.name): \(line)")
            }
        }
    }

    @Test("the stamp is one comment, whatever is in it", arguments: HostileFacts.texts)
    func stamp(text: String) throws {
        for target in ExportTarget.allCases {
            var input = ExportInput(facts: FactsSamples.named("everything"))
            input.options.stamp = text
            for file in try Exporter.export(target, input).files where !file.path.hasSuffix(".json") {
                guard file.path != ".python-version" else { continue }
                let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
                let line = lines.first { $0 != "#!/bin/sh" }
                #expect(line?.hasPrefix("# ") == true, "\(file.path): \(lines.prefix(2))")
                input.options.stamp = "x"
                let other = try Exporter.export(target, input).files.first { $0.path == file.path }
                #expect(other?.text.split(separator: "\n", omittingEmptySubsequences: false).count == lines.count)
                input.options.stamp = text
            }
        }
    }

    // MARK: - Private

    private func made(_ target: ExportTarget, _ hostile: String, _ path: String) throws -> String {
        var input = ExportInput(facts: HostileFacts.facts(hostile), config: HostileFacts.config(hostile))
        input.options.domain = "api.example.com"
        let made = try Exporter.export(target, input)
        return try #require(made.files.first { $0.path == path }?.text, "\(made.files.map(\.path))")
    }

    /// The first word, as systemd reads it.
    ///
    /// > Source: systemd.service(5), "Command lines", and systemd.unit(5), "Specifiers".
    private static func unquoted(_ text: Substring) -> String? {
        var rest = text.unicodeScalars.dropFirst()
        var result = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return String(result).replacing("%%", with: "%")
            case "\\":
                guard let kind = rest.popFirst() else { return nil }
                let width = ["x": 2, "u": 4, "U": 8][String(kind)]
                if let width, let value = UInt32(String(String.UnicodeScalarView(rest.prefix(width))), radix: 16),
                    let named = Unicode.Scalar(value)
                {
                    result.append(named)
                    rest = rest.dropFirst(width)
                } else {
                    result.append(kind)
                }
            default: result.append(scalar)
            }
        }
        return nil
    }
}

extension ConfigNode {
    /// A string.
    fileprivate var text: String? {
        if case .string(let text) = value { return text }
        return nil
    }

    fileprivate var elements: [ConfigNode] {
        if case .array(let elements) = value { return elements }
        return []
    }

    fileprivate subscript(index: Int) -> ConfigNode? {
        elements.indices.contains(index) ? elements[index] : nil
    }
}
