import Foundation
import Model
import Scaffold
import Testing
import Toolkit

/// Every file for every sample is taken by the programs that read such files.
@Suite("Exports pass validators", .serialized, .enabled(if: Validators.missing == nil, "\(Validators.missing ?? "")"))
struct ExportValidatorsTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
    }

    @Test("Compose files fit the Compose specification")
    func compose() async throws {
        let files = try write(.compose) { $0.hasSuffix(".yaml") }
        #expect(files.count > 200)
        try await passes("check-jsonschema", ["--builtin-schema", "vendor.compose-spec"] + files)
    }

    @Test("manifests fit Kubernetes 1.30 and 1.37")
    func kubernetes() async throws {
        let files = try write(.k8s, ExportCases.few)
        try await passes("kubernetes-validate", ["--strict", "-k", "1.30"] + files)
        try await passes("kubernetes-validate", ["--strict", "-k", "1.37"] + files.prefix(16))
    }

    @Test("workflows fit GitHub's schema, and zizmor finds nothing in them")
    func workflows() async throws {
        let files = try write(.githubActions) { $0.hasSuffix(".yml") }
        try await passes("check-jsonschema", ["--builtin-schema", "vendor.github-workflows"] + files)
        try await passes("zizmor", ["--offline", "--no-progress", "--quiet"] + files)
    }

    @Test("deploy scripts are scripts")
    func scripts() async throws {
        for script in try write(.githubActions, where: { $0.hasSuffix(".sh") }) {
            try await passes("sh", ["-n", script])
        }
    }

    @Test("YAML is what yamllint calls good")
    func yaml() async throws {
        let files = try ExportTarget.allCases.flatMap { target in
            try write(target, ExportCases.plain) { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
        }
        let rules = "{extends: default, rules: {line-length: disable, document-start: disable}}"
        try await passes("yamllint", ["--strict", "-d", rules] + files)
    }

    @Test("task definitions are taken by botocore and cfn-lint")
    func ecs() async throws {
        let files = try write(.ecs, ExportCases.few)
        let template = "\(folder.path)/template.json"
        let outcome = try await Validators.python(Self.taskScript, [template] + files)
        #expect(outcome.code == 0, "\(outcome.error)\(outcome.output)")
        try await passes("cfn-lint", ["--regions", "us-east-1", "--", template])
    }

    @Test("nginx takes nginx.conf, in the form of 1.22 and of later versions")
    func nginx() async throws {
        let key = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
        let pair = ["-keyout", "\(folder.path)/key.pem", "-out", "\(folder.path)/cert.pem"]
        try await passes("openssl", key + pair)
        let files = try write(.nginx) + write(.compose) { $0.hasSuffix("nginx.conf") }
        for file in files {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try NginxText.local(text, folder: folder.path).write(toFile: file, atomically: true, encoding: .utf8)
            try await passes("nginx", ["-t", "-q", "-p", folder.path, "-c", file])
        }
        #expect(files.count > 100)
    }

    @Test("gunicorn takes gunicorn.conf.py")
    func gunicorn() async throws {
        for item in ExportCases.plain {
            guard let made = try? Exporter.export(.gunicorn, item.input), let entry = item.input.facts.entry else {
                continue
            }
            let place = "\(folder.path)/\(item.name)"
            let root = entry.importRoot.isEmpty ? place : "\(place)/\(entry.importRoot)"
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
            try "def app(environ, start): pass\n".write(toFile: "\(root)/checked.py", atomically: true, encoding: .utf8)
            let file = try folder.write(made.files[0].text, to: "\(item.name)/gunicorn.conf.py")
            let outcome = try await Validators.run(
                "gunicorn",
                ["--check-config", "-c", file, "checked:app"],
                in: place
            )
            #expect(outcome.code == 0, "\(item.name): \(outcome.error)")
        }
        let files = try write(.gunicorn)
        let compile = "import sys\nfor name in sys.argv[1:]: compile(open(name).read(), name, 'exec')"
        let outcome = try await Validators.python(compile, files)
        #expect(outcome.code == 0, "\(outcome.error)")
    }

    @Test("honcho takes Procfiles, and JSON is JSON")
    func heroku() async throws {
        let files = try write(.heroku)
        let script = "import json, sys\nfor name in sys.argv[1:]: json.load(open(name))"
        let outcome = try await Validators.python(script, files.filter { $0.hasSuffix(".json") })
        #expect(outcome.code == 0, "\(outcome.error)")
        let procfiles = files.filter { $0.hasSuffix("Procfile") }
        let check = try await Validators.python(Self.procfileScript, procfiles)
        #expect(check.code == 0, "\(check.error)")
    }

    @Test(
        "systemd takes its units",
        .enabled(if: Command.find("systemd-analyze") != nil, "systemd-analyze is not installed")
    )
    func systemd() async throws {
        for item in ExportCases.few {
            guard let made = try? Exporter.export(.systemd, item.input) else { continue }
            let files = try made.files.filter { $0.path.hasSuffix(".service") }.map { file in
                try folder.write(file.text, to: "\(item.name)/\(file.path)")
            }
            let outcome = try await Validators.run("systemd-analyze", ["verify", "--man=no"] + files)
            #expect(outcome.code == 0 && outcome.error.isEmpty, "\(item.name): \(outcome.error)")
        }
    }

    // MARK: - Private

    /// Writes a target's files for the cases that can have it.
    private func write(
        _ target: ExportTarget,
        _ cases: [ExportCases.Case] = ExportCases.all,
        where isWanted: (String) -> Bool = { _ in true }
    ) throws -> [String] {
        var files: [String] = []
        for item in cases {
            guard let made = try? Exporter.export(target, item.input) else { continue }
            for file in made.files where isWanted(file.path) {
                files.append(try folder.write(file.text, to: "\(target.rawValue)/\(item.name)/\(file.path)"))
            }
        }
        return files
    }

    private func passes(_ tool: String, _ arguments: [String]) async throws {
        let outcome = try await Validators.run(tool, arguments)
        #expect(outcome.code == 0, "\(tool): \((outcome.output + outcome.error).prefix(4000))")
    }

    /// Fills variables in as a user would, asks botocore, and writes one template with all of them for cfn-lint.
    private static let taskScript = """
        import json, sys
        import botocore.session, botocore.validate
        model = botocore.session.get_session().get_service_model("ecs")
        shape = model.operation_model("RegisterTaskDefinition").input_shape
        values = {"AWS_ACCOUNT_ID": "123456789012", "AWS_REGION": "us-east-1", "IMAGE": "registry.example.com/a:1",
            "VPC_CIDR": "10.0.0.0/16", "EFS_FILE_SYSTEM_ID": "fs-0123456789abcdef0",
            "SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf"}
        def pascal(value, key=None):
            if isinstance(value, list): return [pascal(item) for item in value]
            if not isinstance(value, dict) or key == "options": return value
            names = {"fileSystemId": "FilesystemId", "efsVolumeConfiguration": "EFSVolumeConfiguration"}
            return {names.get(k, k[0].upper() + k[1:]): pascal(v, k) for k, v in value.items()}
        resources = {}
        for index, name in enumerate(sys.argv[2:]):
            text = open(name).read()
            for key, value in values.items(): text = text.replace("${" + key + "}", value)
            task = json.loads(text)
            report = botocore.validate.ParamValidator().validate(task, shape)
            if report.has_errors(): sys.exit(name + ": " + report.generate_report())
            # What the project has of ${…} is its own, and no reference of CloudFormation's.
            task = json.loads(json.dumps(task).replace("${", "$ {"))
            resources["Task%d" % index] = {"Type": "AWS::ECS::TaskDefinition", "Properties": pascal(task)}
        json.dump({"Resources": resources}, open(sys.argv[1], "w"), ensure_ascii=False)
        """

    private static let procfileScript = """
        import sys
        from honcho.environ import parse_procfile
        for name in sys.argv[1:]:
            lines = [line for line in open(name).read().split("\\n") if line and not line.startswith("#")]
            found = parse_procfile(open(name).read()).processes
            if len(found) != len(lines): sys.exit("%s: %r" % (name, lines))
        """
}

/// `nginx.conf` made fit for the nginx of Debian 12 in a folder of a test.
enum NginxText {
    static func local(_ text: String, folder: String) -> String {
        text.replacing("http2 on;", with: "")
            .replacing("/etc/nginx/certs/fullchain.pem", with: "\(folder)/cert.pem")
            .replacing("/etc/nginx/certs/privkey.pem", with: "\(folder)/key.pem")
            .replacing("/run/nginx.pid", with: "\(folder)/nginx.pid")
            .replacing("resolver 127.0.0.11 valid=10s ipv6=off;", with: "")
            .replacing(" resolve ", with: " ")
            .replacing(#/server [a-z0-9-]+:(\d+) max_fails/#) { "server 127.0.0.1:\($0.output.1) max_fails" }
    }
}
