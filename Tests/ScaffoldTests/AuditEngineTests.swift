import Model
import Testing

@testable import Scaffold

@Suite("The audit's engine")
struct AuditEngineTests {
    private static let root = "FROM python:3.14-slim\nUSER root\nHEALTHCHECK NONE\nCMD [\"python\", \"-m\", \"shop\"]\n"

    private static func dockerfile(_ comment: String) -> [String: String] {
        [
            "Dockerfile":
                "FROM python:3.14-slim\n\(comment)\nUSER root\nHEALTHCHECK NONE\nCMD [\"python\", \"-m\", \"shop\"]\n"
        ]
    }

    @Test("gives the same report for the same files, the worst first, then in the order of files and lines")
    func order() async throws {
        let files = [
            "Dockerfile": Self.root,
            "compose.prod.yaml": "version: '3'\nservices:\n  cache:\n    image: redis\n    ports: ['6379:6379']\n",
            "fly.toml": "app = \"a\"\n[http_service]\n  internal_port = 8000\n  auto_stop_machines = \"stop\"\n",
        ]
        let first = try await AuditSample.report(files)
        let second = try await AuditSample.report(files)
        #expect(first == second)
        let severities = first.findings.map(\.severity)
        #expect(severities == severities.sorted(by: >))
        for severity in Severity.allCases {
            let places = first.findings.filter { $0.severity == severity }.map(\.place)
            #expect(places == places.sorted())
        }
        #expect(Set(first.findings.map(\.place.file)) == ["Dockerfile", "compose.prod.yaml", "fly.toml"])
    }

    @Test(
        "a comment above the line suppresses it",
        arguments: [
            ("# audit: ignore[D03] drops root itself", "drops root itself"),
            ("# audit: ignore[D03,D10] one for both", "one for both"),
            ("#audit: ignore[d03] small letters", "small letters"),
            ("# audit: ignore[*] generated file", "generated file"),
        ]
    )
    func suppressed(comment: String, reason: String) async throws {
        let report = try await AuditSample.report(Self.dockerfile(comment))
        #expect(!report.findings.contains { $0.rule == "D03" })
        let suppressed = try #require(report.suppressed.first { $0.finding.rule == "D03" })
        #expect(suppressed.reason == reason)
        #expect(suppressed.place == Place("Dockerfile", 2))
        #expect(suppressed.finding.place == Place("Dockerfile", 3))
    }

    @Test(
        "a comment that speaks of something else suppresses nothing",
        arguments: [
            "# audit: ignore[D07] other rule", "# audit ignore[D03] no colon", "# audit: ignore D03",
            "# audit: ignore[D03",
        ]
    )
    func notSuppressed(comment: String) async throws {
        let report = try await AuditSample.report(Self.dockerfile(comment))
        #expect(report.findings.contains { $0.rule == "D03" })
    }

    @Test("on the line itself, in YAML, and not on a line farther off")
    func sameLine() async throws {
        let text =
            "services:\n  db:\n    image: postgres:17\n    ports: ['5432:5432'] # audit: ignore[C02] private host\n"
        let near = try await AuditSample.report(["compose.prod.yaml": text])
        #expect(near.suppressed.map(\.finding.rule) == ["C02"])
        let far = try await AuditSample.report([
            "compose.prod.yaml":
                "services:\n  # audit: ignore[C02] private host\n  db:\n    image: postgres:17\n    ports: ['5432:5432']\n"
        ])
        #expect(far.findings.contains { $0.rule == "C02" })
        #expect(far.findings.contains { $0.rule == "N02" && $0.place.line == 2 })
    }

    @Test("lists in pyproject.toml and .roost-audit.toml, by pattern of paths")
    func lists() async throws {
        let list =
            "[tool.roost.audit]\nignore = [\n  { rule = \"D03\", path = \"Docker*\", reason = \"rootless engine\" },\n]\n"
        let inProject = try await AuditSample.report(["Dockerfile": Self.root, "pyproject.toml": list])
        #expect(inProject.suppressed.map(\.reason).contains("rootless engine"))
        let own = "ignore = [{ rule = \"D03\", path = \"deploy/**\", reason = \"elsewhere\" }, { rule = \"D10\" }]\n"
        let elsewhere = try await AuditSample.report(["Dockerfile": Self.root, ".roost-audit.toml": own])
        #expect(elsewhere.findings.contains { $0.rule == "D03" })
        let notes = elsewhere.findings.filter { $0.place.file == ".roost-audit.toml" }.map(\.rule)
        #expect(notes == ["N01", "N02", "N02"])
    }

    @Test("an id that no rule has is told")
    func unknownRule() async throws {
        let report = try await AuditSample.report(Self.dockerfile("# audit: ignore[Z99] what was it"))
        let note = try #require(report.findings.first { $0.rule == "N02" })
        #expect(note.message == "no rule is called Z99")
    }

    @Test("text in strings of Python is no comment of the audit's, a comment behind code is")
    func pythonComments() async throws {
        let files = [
            "main.py": "TEXT = 'audit: ignore[A22] x'\nx = 1  # audit: ignore[A22] demo\n", "Dockerfile": Self.root,
        ]
        let report = try await AuditSample.report(files)
        #expect(report.findings.filter { $0.rule == "N02" }.map(\.place) == [Place("main.py", 2)])
    }

    @Test("only rules of the target run", arguments: [(AuditTarget.k8s, false), (.compose, true), (.fly, false)])
    func targets(target: AuditTarget, finds: Bool) async throws {
        let files = ["compose.yaml": "version: '3'\nservices:\n  api:\n    build: .\n"]
        let report = try await AuditSample.report(files, target: target)
        #expect(report.rules.contains("C01") == finds)
        #expect(report.findings.contains { $0.rule == "C01" } == finds)
        #expect(report.target == target)
    }

    @Test("exit code: findings from the threshold on, then what could not be looked at")
    func exitCodes() async throws {
        var report = try await AuditSample.report(["Dockerfile": Self.root])
        #expect(report.exitCode(threshold: .error) == 1)
        report.findings = report.findings.filter { $0.severity < .error }
        #expect(report.exitCode(threshold: .error) == 0)
        report.problems = ["python3 is not installed"]
        #expect(report.exitCode(threshold: .error) == 2)
        let broken = try await AuditSample.report(["compose.yaml": "services: [\n"])
        #expect(broken.exitCode(threshold: .info) == 2)
    }

    @Test(
        "hostile files neither crash nor leak",
        arguments: [
            ["Dockerfile": "FROM\nCMD [\nHEALTHCHECK CMD\nCOPY\nRUN <<X\n"],
            ["Dockerfile": String(repeating: "RUN x && ", count: 5_000)],
            ["nginx.conf": String(repeating: "server { ", count: 5_000)], ["nginx.conf": "}}}}\";'\\"],
            [
                "compose.yaml":
                    "services:\n  a: {depends_on: 3, ports: [[1]], environment: 7, volumes: {a: b}, healthcheck: x}\n"
            ],
            ["k8s/a.yaml": "apiVersion: apps/v1\nkind: Deployment\nspec: []\n---\nkind: 3\napiVersion: {}\n"],
            [".github/workflows/a.yml": "on: [push]\njobs:\n  a: {steps: [{run: '${{'}, 3]}\n  b: 7\n"],
            ["fly.toml": "app = 3\n[http_service]\ninternal_port = \"x\"\n[[http_service.checks]]\npath = 3\n"],
            [
                "task.json":
                    "{\"containerDefinitions\": {\"a\": 1}, \"cpu\": [], \"requiresCompatibilities\": [\"FARGATE\"]}"
            ],
            ["a\u{1B}[31m\nb/compose.prod.yaml": "services:\n  db:\n    image: redis\n    ports: ['6379:6379']\n"],
        ]
    )
    func hostile(files: [String: String]) async throws {
        let report = try await AuditSample.report(files)
        let text = AuditText.render(report)
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
        _ = (AuditSARIF.render(report, version: "1"), AuditGitHub.render(report), AuditJSON.render(report))
    }

    @Test("no rule prints a secret", arguments: ["S3cr3tV4lue99x", "hunter2hunter2"])
    func masked(secret: String) async throws {
        let files = [
            "Dockerfile":
                "FROM python:3.14-slim\nENV API_TOKEN=\(secret) DEBUG=1\nARG DB_PASSWORD=\"\(secret)\"\nUSER 0\nCMD x --reload\n",
            "compose.prod.yaml": """
            services:
              api:
                build: .
                environment:
                  - SECRET_KEY=\(secret)
                  - DATABASE_URL=postgresql://u:\(secret)@db/x?${OPTIONS}
              db: {image: "postgres:17", environment: {POSTGRES_PASSWORD: \(secret)}}
            """,
            "fly.toml": "app = \"a\"\n[env]\n  STRIPE_SECRET = \"\(secret)\"\n",
            "k8s/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: \(secret)}\n",
        ]
        let report = try await AuditSample.report(files)
        #expect(report.findings.count { ["C03", "C30", "D14"].contains($0.rule) } >= 5)
        for text in [
            AuditText.render(report), AuditJSON.render(report), AuditSARIF.render(report, version: "1"),
            AuditGitHub.render(report),
        ] {
            #expect(!text.contains(secret))
        }
    }
}
