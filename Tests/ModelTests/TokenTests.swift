import Model
import Testing

@Suite("Tokens")
struct TokenTests {
    private let machine = Machine.ID("148e21b7c65089") ?? .random()

    @Test("each scope opens exactly its own", arguments: Access.allCases)
    func scopes(access: Access) {
        let own = (app: "notes", machine: machine.text)
        let deploy = TokenScope.deploy(app: "notes")
        let read = TokenScope.read(app: "notes")
        let exec = TokenScope.exec(app: "notes", machine: machine)
        let expected: [(TokenScope, Set<Access>)] = [
            (.organization, Set(Access.allCases).subtracting([.host])),
            (deploy, [.open, .anyToken, .upload, .appRead, .appWrite, .machineRead, .machineExec]),
            (read, [.open, .anyToken, .appRead, .machineRead]),
            (exec, [.open, .anyToken, .machineRead, .machineExec]),
            (.unknown("later"), [.open]),
        ]
        for (scope, open) in expected {
            #expect(scope.allows(access, app: own.app, machine: own.machine) == open.contains(access), "\(scope)")
        }
        for scope in [deploy, read, exec] {
            let general: Set<Access> = scope == deploy ? [.open, .anyToken, .upload] : [.open, .anyToken]
            for app in ["other", nil] {
                #expect(scope.allows(access, app: app, machine: own.machine) == general.contains(access), "\(scope)")
            }
        }
        #expect(exec.allows(access, app: "notes", machine: "00000000000000") == [.open, .anyToken].contains(access))
    }

    @Test(
        "a header holds one or several, by either scheme",
        arguments: [
            ("Bearer rst_1", ["rst_1"]), ("FlyV1 a,b", ["a", "b"]), ("bearer  a , b ", ["a", "b"]), ("Basic a", []),
            ("rst_1", []), ("", []), ("Bearer ", []),
        ]
    )
    func headers(header: String, tokens: [String]) {
        #expect(APIToken.tokens(inHeader: header) == tokens)
    }

    @Test("an ID is found in our own tokens only")
    func ids() {
        let secret = String(repeating: "x", count: 43)
        #expect(APIToken.id(in: "rst_0123456789ab_\(secret)") == "0123456789ab")
        #expect(APIToken.id(in: "rst_0123456789ab_a_b-\(secret)") == "0123456789ab")
        for text in ["fm2_0123456789ab_\(secret)", "rst_0123_\(secret)", "rst_0123456789ab_x", "rst", ""] {
            #expect(APIToken.id(in: text) == nil)
        }
    }

    @Test("it ends with its time, or when it is revoked")
    func ends() {
        let now = Timestamp(milliseconds: 0)
        var token = APIToken(
            id: "a",
            name: "n",
            hash: "h",
            scope: .organization,
            created: (now, "root"),
            expiresAt: now.advanced(by: .seconds(1))
        )
        #expect(token.isGood(at: now) && !token.isGood(at: now.advanced(by: .seconds(1))))
        token.revokedAt = now
        #expect(!token.isGood(at: now))
    }
}
