import Foundation
import Model
import Testing

@testable import Toolkit

@Suite("Values of apps that stand in no configuration")
struct AppEnvironmentTests {
    private static func folder() -> String {
        FileManager.default.temporaryDirectory.appending(path: "roost-env-\(UUID().uuidString)").path
    }

    @Test("are written for root alone, read back as they were, and taken away")
    func change() throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let own = AppEnvironment(folder: folder)
        #expect(try own.values(of: "shop").isEmpty)
        let odd = "line\nwith \"quotes\" and \\ and = and #"
        #expect(try own.change("shop", ["A": "1", "KEY": odd, "C": ""]) == ["A", "C", "KEY"])
        #expect(try own.values(of: "shop") == ["A": "1", "KEY": odd, "C": ""])
        let mode = try FileManager.default.attributesOfItem(atPath: own.path(of: "shop"))[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try own.change("shop", ["A": nil]) == ["C", "KEY"])
        own.remove("shop")
        #expect(try own.values(of: "shop").isEmpty)
    }

    @Test("a file that a person wrote is read as one expects")
    func parse() {
        let text = "# mine\nexport A=1\n B = no\nC='x y'\nD=\"a\\nb\"\nE=a=b\n\nnot a line\n"
        #expect(AppEnvironment.parse(text) == ["A": "1", "C": "x y", "D": "a\nb", "E": "a=b"])
    }

    @Test("names that no shell takes, and apps that lead elsewhere, are refused")
    func refused() {
        let own = AppEnvironment(folder: Self.folder())
        #expect(throws: Fault.self) { try own.change("shop", ["A B": "1"]) }
        #expect(throws: Fault.self) { try own.change("../shop", ["A": "1"]) }
        #expect(throws: Fault.self) { try own.values(of: "a/b") }
    }
}
