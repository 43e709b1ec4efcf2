import Foundation
import Model
import Testing

@Suite("Faults")
struct FaultTests {
    @Test("each is in docs/errors.md with its status, and nothing else is")
    func documented() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/errors.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let documented = Set(rows.map { $0.split(separator: "|")[0...1].joined().filter { $0 != " " } })
        let known = Set(Fault.Code.allCases.map { "`\($0.rawValue)`\($0.httpStatus)" })
        #expect(documented == known)
    }
}
