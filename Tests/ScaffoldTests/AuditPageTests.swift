import Foundation
import Testing

@testable import Scaffold

/// `ROOST_WRITE_RULE_PAGES=1 swift test --filter AuditPageTests` writes the pages anew.
@Suite("Pages of the rules")
struct AuditPageTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/rules", directoryHint: .isDirectory)

    private static var pages: [String: String] {
        var pages = ["README.md": Rules.index]
        for rule in Rules.all { pages["\(rule.id).md"] = rule.page }
        return pages
    }

    @Test("say what the rules say")
    func pages() throws {
        let manager = FileManager.default
        if ProcessInfo.processInfo.environment["ROOST_WRITE_RULE_PAGES"] == "1" {
            try manager.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            for old in try manager.contentsOfDirectory(atPath: Self.folder.path) where Self.pages[old] == nil {
                try manager.removeItem(at: Self.folder.appending(path: old))
            }
            for (name, text) in Self.pages { try Data(text.utf8).write(to: Self.folder.appending(path: name)) }
        }
        for (name, text) in Self.pages.sorted(by: { $0.key < $1.key }) {
            let written = try? String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
            #expect(written == text, "docs/rules/\(name) is out of date: ROOST_WRITE_RULE_PAGES=1 writes it")
        }
        let there = Set(try manager.contentsOfDirectory(atPath: Self.folder.path))
        #expect(there.subtracting(Self.pages.keys).isEmpty)
    }
}
