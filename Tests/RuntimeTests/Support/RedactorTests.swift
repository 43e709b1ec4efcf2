import Model
import Runtime
import Testing

@Suite("What leaves the host")
struct RedactorTests {
    @Test(
        "hides what has the looks of a secret",
        arguments: [
            ("pull failed url=https://ada:s3cret@index.example.com/simple", "s3cret"),
            ("url=\"postgres://user:p@ss:word@db.internal/x\"", "ss:word"),
            ("token in user part https://s3crettoken@github.com/x", "s3crettoken"),
            ("GET /login?token=s3cret&x=1 200", "s3cret"),
            ("Authorization: Bearer s3cret.abc", "s3cret"),
            ("authorization=\"FlyV1 fm2_s3cretabc,fm2_other\"", "s3cret"),
            ("made rst_0123456789ab_s3cretABCDEFG0123456789 for ci", "s3cret"),
            (#"{"api_token": "s3cret", "n": 1}"#, "s3cret"), (#"{"password":"a \"s3cret\" b"}"#, "s3cret"),
            (#"body="{\"client_secret\": \"two s3cret words\"}""#, "s3cret"), (#"{"TOKEN" : "s3cret"#, "s3cret"),
            ("env DATABASE_PASSWORD=s3cret LOG=debug", "s3cret"), ("password: s3cret", "s3cret"),
            ("-----BEGIN PRIVATE KEY-----\ns3cretAAAA\n-----END PRIVATE KEY-----", "s3cret"),
            ("key=\"-----BEGIN EC PRIVATE KEY-----\\ns3cret\\n-----END EC PRIVATE KEY-----\"", "s3cret"),
        ]
    )
    func looks(text: String, secret: String) {
        let redacted = Redactor([]).redacted(text)
        #expect(!redacted.contains(secret) && redacted.contains("•••"), "\(redacted)")
    }

    @Test(
        "leaves what is none",
        arguments: [
            "2026-11-30T17:00:00Z notice serve: machine started machine.id=148e21b7c65080 seconds=0.4",
            "listening on http://127.0.0.1:8080/ and [::1]:8080", "why? nobody knows", "image roost/notes@sha256:abab",
            "tokens: 3", #"{"name": "token", "next": "x"} "a" "b": "c""#, "the token expired", "a line\n\nand another",
            "",
        ]
    )
    func harmless(text: String) {
        #expect(Redactor([]).redacted(text) == text)
    }

    @Test("hides known values wherever they stand, the longest first, and leaves short ones")
    func known() {
        let redactor = Redactor(["alpha", "alphabet", "on", "line one\nline two"])
        #expect(redactor.redacted("xalphabetx alpha on") == "x•••x ••• on")
        #expect(redactor.redacted("> line two <") == "> ••• <")
    }

    @Test("goes on after the end of a key")
    func afterKey() {
        #expect(Redactor([]).redacted("a\n-----BEGIN X-----\nq\n-----END X-----\nb") == "a\n•••\n•••\n•••\nb")
    }
}

@Suite("Records in a bundle for help")
struct SupportRecordsTests {
    private let machine = ConfigValue.table([
        "id": .string("148e21b7c65080"), "name": .string("unlisted"),
        "spec": .table([
            "config": .table([
                "env": .table(["KEY": .string("canary-env"), "PRIMARY_REGION": .string("fra"), "N": .integer(3)]),
                "files": .array([.table(["guest_path": .string("/etc/x"), "raw_value": .string("canary-file")])]),
                "guest": .table(["cpus": .integer(2)]),
                "init": .table(["cmd": .array([.string("--password=canary-cmd")])]),
                "checks": .table(["live": .table(["headers": .table(["X-Key": .string("canary-header")])])]),
                "services": .array([.table(["internal_port": .integer(8080)])]),
            ])
        ]),
        "status": .table([
            "state": .table(["name": .string("started"), "reason": .string("canary-reason")]),
            "events": .array([.table(["exitCode": .integer(1)])]),
        ]),
    ])

    @Test("keeps state and sizes, drops whatever is not named")
    func shown() throws {
        let shown = try #require(SupportRecords.shown("/machines/notes/148e21b7c65080", machine))
        guard case .table(let fields) = shown, case .table(let spec)? = fields["spec"],
            case .table(let config)? = spec["config"]
        else { return #expect(Bool(false), "no table") }
        #expect(fields.keys.sorted() == ["id", "spec", "status"])
        #expect(config.keys.sorted() == ["checks", "guest", "services"])
        #expect(!"\(shown)".contains("canary"))
        #expect("\(shown)".contains("started") && "\(shown)".contains("8080"))
    }

    @Test("tells only the number of sealed and unknown kinds")
    func kinds() {
        #expect(SupportRecords.shown("/secrets/notes/00000001", machine) == nil)
        #expect(SupportRecords.shown("/tokens/x", machine) == nil)
        #expect(SupportRecords.shown("/later/x", machine) == nil)
        #expect(SupportRecords.counts(["/apps/a", "/apps/b", "/secrets/a/1"]) == ["apps": 2, "secrets": 1])
    }

    @Test("knows values of variables, files and headers for what they are, but for Roost's own")
    func privateTexts() {
        let found = Set(SupportRecords.privateTexts(machine))
        #expect(found.isSuperset(of: ["canary-env", "canary-file", "canary-header"]) && !found.contains("fra"))
    }
}
