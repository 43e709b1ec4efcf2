import Foundation
import Model
import Testing

@testable import Toolkit

@Suite("Files of secrets from before they were sealed")
struct AppEnvironmentTests {
    @Test("are found, read and taken away")
    func files() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "roost-env-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let own = AppEnvironment(folder: folder)
        #expect(own.apps().isEmpty)
        #expect(try own.values(of: "shop").isEmpty && !own.isThere("shop"))
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "A=1\n".write(toFile: own.path(of: "shop"), atomically: false, encoding: .utf8)
        try "A=1\n".write(toFile: "\(folder)/No App.env", atomically: false, encoding: .utf8)
        #expect(own.apps() == ["shop"] && own.isThere("shop"))
        #expect(try own.values(of: "shop") == ["A": "1"])
        own.remove("shop")
        #expect(own.apps().isEmpty)
        #expect(throws: Fault.self) { try own.values(of: "a/b") }
    }

    @Test("one that a person wrote is read as one expects")
    func parse() {
        let text = "# mine\nexport A=1\n B = no\nC='x y'\nD=\"a\\nb\"\nE=a=b\n\nnot a line\n"
        #expect(AppEnvironment.parse(text) == ["A": "1", "B": "no", "C": "x y", "D": "a\nb", "E": "a=b"])
    }
}
