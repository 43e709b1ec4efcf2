import Model
import Testing

@testable import Scaffold

/// Runs rules of the areas S, A and B over projects in memory, as an audit does.
enum RuleSample {
    static let rules = ServerRules.all + ApplicationRules.all + DatabaseRules.all

    static func context(_ files: [String: String], target: AuditTarget? = nil) async throws -> AuditContext {
        let scan = try await Scan.run(Project(files: files))
        return AuditContext(try await scan.context.withAllCode(), target: target)
    }

    static func findings(_ id: String, _ files: [String: String], target: AuditTarget? = nil) async throws -> [Finding]
    {
        let context = try await context(files, target: target)
        return rules.first { $0.id == id }?.check(context) ?? []
    }

    /// What a rule finds, as `E main.py:3`.
    static func short(_ id: String, _ files: [String: String], target: AuditTarget? = nil) async throws -> [String] {
        try await findings(id, files, target: target).map { "\($0.severity.rawValue) \($0.place)" }
    }

    /// What all rules find in a rule's bad example; advice of severity I only of the rule itself.
    static func bad(_ rule: Rule) async throws -> [String] {
        let context = try await context(rule.bad)
        return rules.flatMap { other in
            other.check(context).filter { finding in
                other.id == rule.id || finding.severity > .info && !rule.also.contains(other.id)
            }.map { "\($0.rule) \($0.place)" }
        }
    }
}

@Suite("Rules of the server, the application and the database: their examples")
struct RuleAExampleTests {
    @Test("each finds its bad example at its line, and no other rule does", arguments: RuleSample.rules.map(\.id))
    func bad(_ id: String) async throws {
        let rule = try #require(RuleSample.rules.first { $0.id == id })
        #expect(try await RuleSample.bad(rule) == rule.places.map { "\(id) \($0)" })
    }

    @Test("each is silent about its good example", arguments: RuleSample.rules.map(\.id))
    func good(_ id: String) async throws {
        let rule = try #require(RuleSample.rules.first { $0.id == id })
        #expect(try await RuleSample.short(id, rule.good) == [])
    }

    @Test("all are there, each with an address for its fact", arguments: [("S", 12), ("A", 31), ("B", 16)])
    func complete(area: String, count: Int) {
        let rules = RuleSample.rules.filter { $0.id.hasPrefix(area) }
        #expect(rules.map(\.id) == (1...count).map { "\(area)\($0 < 10 ? "0" : "")\($0)" })
        #expect(rules.allSatisfy { $0.reference.hasPrefix("https://") && !$0.places.isEmpty })
    }
}
