import Model
import Testing

@testable import Scaffold

/// Projects in memory, audited as `roost audit` would.
enum AuditSample {
    static func context(_ files: [String: String], target: AuditTarget? = nil) async throws -> AuditContext {
        let project = Project(files: files)
        return AuditContext(try await Scan.run(project).context.withAllCode(), target: target)
    }

    static func report(
        _ files: [String: String],
        target: AuditTarget? = nil,
        only: Set<String> = []
    ) async throws -> AuditReport {
        var options = Audit.Options()
        options.only = only
        return Audit.run(try await context(files, target: target), options: options)
    }

    /// `D03 Dockerfile:1`, for messages.
    static func short(_ findings: [Finding]) -> [String] {
        findings.map { "\($0.severity.rawValue) \($0.rule) \($0.place)" }
    }
}

@Suite("Examples of the rules")
struct AuditExampleTests {
    @Test("finds the bad one at its line, and nothing else that is wrong", arguments: Rules.all.map(\.id))
    func bad(id: String) async throws {
        let rule = try #require(Rules.named(id))
        let report = try await AuditSample.report(rule.bad)
        let own = report.findings.filter { $0.rule == id }
        #expect(!own.isEmpty, "\(AuditSample.short(report.findings)) \(report.problems)")
        if !rule.places.isEmpty {
            #expect(own.map(\.place.description) == rule.places, "\(own.map(\.message))")
        }
        #expect(own.allSatisfy { $0.severity <= rule.severity })
        let others = report.findings.filter { finding in
            // An example is as small as can be, so other areas may miss things in it.
            finding.rule != id && !rule.also.contains(finding.rule) && finding.severity > .info
                && finding.rule.first == id.first
        }
        #expect(others.isEmpty, "\(AuditSample.short(others)) \(others.map(\.message))")
    }

    @Test("finds nothing of the rule in the good one", arguments: Rules.all.map(\.id))
    func good(id: String) async throws {
        let rule = try #require(Rules.named(id))
        let report = try await AuditSample.report(rule.good)
        let own = report.findings.filter { $0.rule == id }
        #expect(own.isEmpty, "\(AuditSample.short(own)) \(own.map(\.message))")
    }

    @Test("its patch ends the finding", arguments: Rules.all.map(\.id))
    func patch(id: String) async throws {
        let rule = try #require(Rules.named(id))
        var report = try await AuditSample.report(rule.bad, only: [id])
        report.findings = report.findings.filter { $0.patch != nil }
        guard !report.findings.isEmpty else { return }
        let changes = AuditFix.changes(report, Project(files: rule.bad))
        #expect(!changes.isEmpty)
        var files = rule.bad
        for change in changes { files[change.path] = change.after }
        let after = try await AuditSample.report(files, only: [id])
        #expect(after.findings.allSatisfy { $0.patch == nil }, "\(AuditSample.short(after.findings))")
    }

    @Test("says all that a page needs", arguments: Rules.all.map(\.id))
    func words(id: String) throws {
        let rule = try #require(Rules.named(id))
        #expect(!rule.title.isEmpty && !rule.why.isEmpty && !rule.fix.isEmpty && !rule.reference.isEmpty)
        #expect(!rule.bad.isEmpty && !rule.good.isEmpty)
        #expect(rule.why.hasSuffix(".") || rule.why.hasSuffix("\"."), "\(rule.why)")
    }

    @Test("no two rules have the same id")
    func ids() {
        #expect(Set(Rules.all.map(\.id)).count == Rules.all.count)
        #expect(Rules.all.count { $0.id.hasPrefix("D") } == 23)
        #expect(Rules.all.count { $0.id.hasPrefix("C") } == 36)
    }
}
