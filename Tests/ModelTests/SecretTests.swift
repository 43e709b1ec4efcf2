import Model
import Testing

@Suite("Secrets")
struct SecretTests {
    private static func sealed(_ digest: String, at time: Int64 = 1) -> SealedSecret {
        SealedSecret(digest: digest, key: "k", sealed: "box-\(digest)", at: Timestamp(milliseconds: time))
    }

    private static func set(_ version: Int, _ digests: [String: String]) -> SecretSet {
        SecretSet(
            app: "shop",
            version: version,
            createdAt: Timestamp(milliseconds: 1),
            secrets: digests.mapValues { sealed($0) }
        )
    }

    @Test("a change makes the next version, and keeps when a name was first set")
    func change() throws {
        let first = Self.set(1, ["A": "a", "B": "b"])
        let later = Timestamp(milliseconds: 9)
        let next = try #require(
            first.applying(["A": Self.sealed("new", at: 9), "B": nil, "C": Self.sealed("c")], now: later)
        )
        #expect(next.version == 2 && next.createdAt == later)
        #expect(next.secrets.mapValues(\.digest) == ["A": "new", "C": "c"])
        #expect(next.secrets["A"]?.createdAt == Timestamp(milliseconds: 1) && next.secrets["A"]?.updatedAt == later)
        #expect(first.secrets.count == 2)
    }

    @Test("setting what is set already, and taking away what is not there, is no new version")
    func same() {
        let first = Self.set(1, ["A": "a"])
        #expect(first.applying(["A": Self.sealed("a", at: 5), "X": nil], now: Timestamp(milliseconds: 9)) == nil)
    }

    @Test("a secret is deployed when every Machine has its value, partial when some have, staged when none has")
    func status() {
        let old = Self.set(1, ["A": "a", "B": "old"])
        let head = Self.set(2, ["A": "a", "B": "new", "C": "c"])
        func words(_ running: [SecretSet?]) -> [String] {
            SecretView.all(head, running: running).map(\.status.rawValue)
        }
        #expect(words([old, old]) == ["Deployed", "Staged", "Staged"])
        #expect(words([old, head]) == ["Deployed", "Partial", "Partial"])
        #expect(words([head, head]) == ["Deployed", "Deployed", "Deployed"])
        #expect(words([nil]) == ["Staged", "Staged", "Staged"])
        #expect(words([]) == ["Staged", "Staged", "Staged"])
        #expect(SecretView.all(head, running: []).map(\.name) == ["A", "B", "C"])
    }

    @Test(
        "names that are no variable, or the platform's own, are refused",
        arguments: ["", "1A", "A-B", "A B", "FLY_REGION"]
    )
    func refusedNames(name: String) {
        #expect(throws: Fault.self) { try SecretRules.check(name: name) }
    }

    @Test(
        "names that clients use are taken, those that begin as the platform's too",
        arguments: ["A", "_x9", "FLY_API_TOKEN"]
    )
    func names(name: String) throws {
        try SecretRules.check(name: name)
    }

    @Test("a value with a NUL byte or too many bytes is refused, and not shown")
    func values() {
        for value in ["hidden\0", String(repeating: "hidden", count: 30_000)] {
            do throws(Fault) {
                try SecretRules.check(value: value, of: "KEY")
                Issue.record("was taken")
            } catch {
                #expect(error.message.contains("KEY") && !error.message.contains("hidden"))
            }
        }
    }
}

@Suite("Lines of secrets")
struct SecretLinesTests {
    @Test("are read as dotenv files are")
    func read() throws {
        let text = """
            # a comment
            A=1
              export B = two words \t

            C='single "quotes"'
            D="a\\nb \\"c\\" \\\\"
            E=a=b#c
            F=
            """
        #expect(
            try SecretLines.parse(text) == [
                "A": "1", "B": "two words", "C": "single \"quotes\"", "D": "a\nb \"c\" \\", "E": "a=b#c", "F": "",
            ]
        )
    }

    @Test("three quotes hold a value of several lines, with or without line feeds at its ends")
    func severalLines() throws {
        let text =
            "KEY=\"\"\"\n-----BEGIN\nab\"c=d\n-----END\n\"\"\"\nX=\"\"\"one\ntwo\"\"\"\nY=\"\"\"same\"\"\"\r\nZ=1\r\n"
        #expect(
            try SecretLines.parse(text) == [
                "KEY": "-----BEGIN\nab\"c=d\n-----END", "X": "one\ntwo", "Y": "same", "Z": "1",
            ]
        )
    }

    @Test(
        "what is wrong is named by its line, never by its words",
        arguments: [
            ("A=1\ns3cret", "line 2"), ("A=1\n\ns3cret x=1", "line 3"), ("=s3cret", "line 1"),
            ("A=\"\"\"s3cret\nmore", "line 1"),
        ]
    )
    func wrong(text: String, place: String) {
        do throws(Fault) {
            _ = try SecretLines.parse(text)
            Issue.record("was taken")
        } catch {
            #expect(error.message.contains(place) && !error.message.contains("s3cret"))
        }
    }
}
