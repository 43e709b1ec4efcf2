import Foundation
import Model
import Testing

@testable import Scaffold

@Suite("The audit's outputs")
struct AuditOutputTests {
    private static var report: AuditReport {
        var report = AuditReport(
            target: nil,
            rules: ["C02", "D03"],
            findings: [],
            suppressed: [],
            problems: ["main.py: not read"]
        )
        report.findings = [
            Finding(
                "C02",
                .error,
                at: Place("a b/compose,1.yaml", 4),
                found: "- 5432:5432",
                "db is published",
                fix: "delete\nit: 100%"
            ),
            Finding(
                "D03",
                .info,
                at: Place("Dockerfile"),
                found: "",
                "the user app is a name",
                fix: "write its number"
            ),
        ]
        let hidden = Finding("D03", .error, at: Place("Dockerfile", 3), found: "USER root", "root", fix: "USER 10001")
        report.suppressed = [.init(finding: hidden, reason: "rootless", place: Place("Dockerfile", 2))]
        return report
    }

    @Test("text: grouped by file, with place, found text, why, fix and source")
    func text() {
        let text = AuditText.render(Self.report)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines[0] == "a b/compose,1.yaml")
        #expect(lines[1] == "  E C02  a b/compose,1.yaml:4  db is published")
        #expect(lines[2] == "         | - 5432:5432")
        #expect(lines[3].hasPrefix("         why: "))
        #expect(lines[4] == "         fix: delete it: 100%")
        #expect(lines[5].hasPrefix("         see: "))
        #expect(text.contains("1 error, 0 warnings, 1 suggestion; 1 suppressed"))
        #expect(text.hasSuffix("not looked at: main.py: not read\n"))
        #expect(!AuditText.render(Self.report, threshold: .warning).contains("Dockerfile"))
    }

    @Test("GitHub: properties and data are escaped")
    func gitHub() {
        let lines = AuditGitHub.render(Self.report).split(separator: "\n").map(String.init)
        #expect(lines.count == 2)
        #expect(
            lines[0].hasPrefix(
                "::error file=a b/compose%2C1.yaml,line=4,title=C02 Database%2C cache or broker open to everyone::"
            )
        )
        #expect(lines[0].hasSuffix("db is published. Fix: delete%0Ait: 100%25"))
        #expect(lines[1].hasPrefix("::notice file=Dockerfile,title=D03"))
    }

    @Test("JSON: what the rule says is beside each finding")
    func json() throws {
        let data = Data(AuditJSON.render(Self.report).utf8)
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let findings = try #require(root["findings"] as? [[String: Any]])
        #expect(findings.count == 2)
        #expect(findings[0]["rule"] as? String == "C02")
        #expect(findings[0]["line"] as? Int == 4)
        #expect((findings[0]["why"] as? String)?.isEmpty == false)
        #expect(root["counts"] as? [String: Int] == ["E": 1, "W": 0, "I": 1])
        #expect((root["suppressed"] as? [Any])?.count == 1)
        #expect(root["problems"] as? [String] == ["main.py: not read"])
    }

    @Test("SARIF: the required members, rules by index, regions, levels, fingerprints")
    func sarif() throws {
        let data = Data(AuditSARIF.render(Self.report, version: "1.2.3").utf8)
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(root["version"] as? String == "2.1.0")
        #expect(root["$schema"] as? String == "https://json.schemastore.org/sarif-2.1.0.json")
        let run = try #require((root["runs"] as? [[String: Any]])?.first)
        let driver = try #require((run["tool"] as? [String: Any])?["driver"] as? [String: Any])
        #expect(driver["version"] as? String == "1.2.3")
        let rules = try #require(driver["rules"] as? [[String: Any]])
        #expect(rules.compactMap { $0["id"] as? String } == ["C02", "D03"])
        let results = try #require(run["results"] as? [[String: Any]])
        #expect(results.count == 3)
        #expect(results.compactMap { $0["level"] as? String } == ["error", "note", "error"])
        #expect(results.compactMap { $0["ruleIndex"] as? Int } == [0, 1, 1])
        let location = try #require(
            (results[0]["locations"] as? [[String: Any]])?.first?["physicalLocation"] as? [String: Any]
        )
        #expect((location["artifactLocation"] as? [String: Any])?["uri"] as? String == "a%20b/compose%2C1.yaml")
        #expect((location["region"] as? [String: Any])?["startLine"] as? Int == 4)
        #expect((results[2]["suppressions"] as? [[String: Any]])?.first?["justification"] as? String == "rootless")
        let prints = results.compactMap { ($0["partialFingerprints"] as? [String: String])?["roostAudit/v1"] }
        #expect(Set(prints).count == 3)
    }

    @Test("SARIF: a fingerprint stays when lines move")
    func fingerprints() throws {
        func first(_ line: Int) throws -> String {
            var report = Self.report
            report.findings[0].place.line = line
            let data = Data(AuditSARIF.render(report, version: "1").utf8)
            let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            let results = (root["runs"] as? [[String: Any]])?.first?["results"] as? [[String: Any]]
            return try #require((results?.first?["partialFingerprints"] as? [String: String])?["roostAudit/v1"])
        }
        #expect(try first(4) == first(40))
    }
}

@Suite("The audit's patches")
struct AuditFixTests {
    @Test("lines are replaced from the bottom up, and the first of two patches of a line counts")
    func bottomUp() {
        let project = Project(files: ["a.txt": "1\n2\n3\n4\n"])
        func finding(_ rule: String, _ first: Int, _ last: Int, _ lines: [String]) -> Finding {
            let patch = Finding.Patch(file: "a.txt", first: first, last: last, lines: lines)
            return Finding(rule, .info, at: Place("a.txt", first), found: "", "", fix: "", patch: patch)
        }
        var report = AuditReport(target: nil, rules: [], findings: [], suppressed: [], problems: [])
        report.findings = [
            finding("X1", 2, 2, []), finding("X2", 4, 4, ["four", "five"]), finding("X3", 4, 4, ["other"]),
            finding("X4", 1, 0, ["0"]),
        ]
        #expect(AuditFix.changes(report, project).map(\.after) == ["0\n1\n3\nfour\nfive\n"])
        let diff = AuditFix.diff(report, project)
        #expect(diff.hasPrefix("--- a/a.txt\n+++ b/a.txt\n"))
        #expect(diff.contains("\n-2\n") && diff.contains("\n+five\n"))
    }

    @Test("ends of lines stay, a new file is made, a patch beyond the end is left out")
    func edges() {
        let project = Project(files: ["w.txt": "1\r\n2\r\n", "bare.txt": "1"])
        func finding(_ file: String, _ first: Int, _ last: Int, _ lines: [String]) -> Finding {
            Finding(
                "X1",
                .info,
                at: Place(file),
                found: "",
                "",
                fix: "",
                patch: .init(file: file, first: first, last: last, lines: lines)
            )
        }
        var report = AuditReport(target: nil, rules: [], findings: [], suppressed: [], problems: [])
        report.findings = [
            finding("w.txt", 2, 2, ["two"]), finding("bare.txt", 1, 1, ["one"]), finding("new.txt", 1, 0, ["x"]),
            finding("w.txt", 9, 9, ["no"]),
        ]
        let changes = AuditFix.changes(report, project)
        #expect(changes.map(\.path) == ["bare.txt", "new.txt", "w.txt"])
        #expect(changes.map(\.after) == ["one", "x\n", "1\r\ntwo\r\n"])
        #expect(changes.map { $0.before == nil } == [false, true, false])
    }
}
