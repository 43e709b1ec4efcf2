import Model
import Testing

@Suite("Secrets of builds")
struct BuildSecretsTests {
    private func parse(_ texts: String...) throws -> [String: String] {
        try BuildSecrets.parse(texts, environment: ["TOKEN": "from-env", "OTHER": "other"]) { file in
            file == "./t" ? "from-file\n" : nil
        }.values
    }

    @Test("are given as name and value, by a file, or by the environment")
    func forms() throws {
        #expect(try parse("A=b=c", "TOKEN") == ["A": "b=c", "TOKEN": "from-env"])
        #expect(try parse("id=npm,src=./t") == ["npm": "from-file\n"])
        #expect(
            try parse("id=npm,source=./t", "id=TOKEN", "id=x,env=OTHER") == [
                "npm": "from-file\n", "TOKEN": "from-env", "x": "other",
            ]
        )
        #expect(try parse("A=") == ["A": ""])
    }

    @Test(
        "say what is wrong and never a value",
        arguments: [
            "MISSING", "id=x,src=/nowhere", "id=x,file=hush-hush", "=hush-hush", "a b=hush-hush", "../x=hush-hush",
            "id=x",
        ]
    )
    func wrong(text: String) throws {
        let fault = #expect(throws: Fault.self) { try parse(text) }
        #expect(fault?.code == .invalidRequest)
        #expect(fault?.message.contains("hush-hush") == false && fault?.hint?.contains("hush-hush") != true)
    }

    @Test("stand as dots wherever they turn up")
    func redacted() {
        let secrets = BuildSecrets(["A": "s3cret", "B": "s3cret-and-more", "C": "ab", "D": "first line\nsecond line"])
        #expect(secrets.redacted("x s3cret-and-more y s3cret z ab") == "x ••• y ••• z ab")
        #expect(secrets.redacted("said second line") == "said •••")
        #expect(!"\(secrets)".contains("s3cret") && "\(secrets)".contains("A=•••"))
        #expect(BuildSecrets().redacted("plain") == "plain")
    }

    @Test("are bounded")
    func bounded() {
        #expect(throws: Fault.self) { try BuildSecrets(["A": String(repeating: "x", count: 2 << 20)]).check() }
    }
}
