import Model
import Testing
import Toolkit

@Suite("The backup that a person means")
struct BackupChoiceTests {
    private static let all = [("ab12cd34", "two", 30), ("ab12ff00", "one", 20), ("00ab12cd", "two", 10)].map {
        ResticOutput.Snapshot(id: $0.0, at: Timestamp(milliseconds: $0.2), host: $0.1)
    }

    @Test(
        "is the newest of a host, or the one whose name begins so",
        arguments: [
            (nil, "one", "ab12ff00"), (nil, "two", "ab12cd34"), ("ab12f", nil, "ab12ff00"), ("AB12C", nil, "ab12cd34"),
            ("00ab12cd", "one", "00ab12cd"),
        ] as [(String?, String?, String)]
    )
    func found(name: String?, host: String?, id: String) throws {
        #expect(try BackupChoice.pick(name, of: host, in: Self.all).id == id)
    }

    @Test("of a repository of one host nobody has to say whose")
    func alone() throws {
        let own = Self.all.filter { $0.host == "two" }
        #expect(try BackupChoice.pick(nil, of: nil, in: own).id == "ab12cd34")
    }

    @Test(
        "is asked for where it is not clear",
        arguments: [
            (nil, nil, "2 hosts: one, two"), (nil, "three", "no backup of three"), ("ab12", nil, "more than one"),
            ("ffff", nil, "no backup ffff"), ("00a", nil, "no backup 00a"), ("", nil, "more than one"),
        ] as [(String?, String?, String)]
    )
    func unclear(name: String?, host: String?, words: String) {
        let fault = #expect(throws: Fault.self) { try BackupChoice.pick(name, of: host, in: Self.all) }
        #expect(fault?.message.contains(words) == true, "\(fault as Any)")
        #expect(#expect(throws: Fault.self) { try BackupChoice.pick(nil, of: nil, in: []) }?.code == .notFound)
    }
}
