import Model
import Testing

@Suite("Bad input to the API", .timeLimit(.minutes(3)))
struct BadInputTests {
    private struct Row: Sendable {
        var method: String
        var path: String
        var body: String?
        var status: Int
        var error: String

        init(_ route: String, _ body: String? = nil, _ status: Int, _ error: String) {
            let parts = route.split(separator: " ")
            (method, path) = (String(parts[0]), String(parts[1]))
            (self.body, self.status, self.error) = (body, status, error)
        }
    }

    private static let one = "/v1/apps/a/machines/ID"

    private static let rows = [
        Row("POST /v1/apps", "{}", 400, "request body: name is missing"),
        Row("POST /v1/apps", "[]", 400, "request body: expected an object, found an array"),
        Row("POST /v1/apps", #"{"name":1}"#, 400, "request body: name: expected a string, found a number"),
        Row("POST /v1/apps", #"{"name":"A_b"}"#, 400, "\"A_b\" can't be an app's name"),
        Row("POST /v1/apps", #"{"name":"a"}"#, 422, "Name has already been taken: a belongs to root"),
        Row("POST /v1/apps", #"{"name":"a""#, 400, "request body: not JSON: expected \",\" or \"}\" at its end"),
        Row("GET /v1/apps/none", nil, 404, "Could not find App \"none\""),
        Row("GET /v1/apps/none/machines", nil, 404, "Could not find App \"none\""),
        Row("GET /v1/apps/a/machines/xyz", nil, 404, "machine not found: xyz in app a"),
        Row("GET /v1/apps/a/machines/00000000000000", nil, 404, "machine not found: 00000000000000 in app a"),
        Row("POST /v1/apps/a/machines", nil, 400, "request body: config is missing"),
        Row("POST /v1/apps/a/machines", #"{"config":{}}"#, 400, "config.image: is missing"),
        Row(
            "POST /v1/apps/a/machines",
            #"{"config":{"image":"a b"}}"#,
            400,
            "config.image: \"a b\" is not the name of an image"
        ),
        Row(
            "POST /v1/apps/a/machines",
            #"{"config":{"image":"roost/a:v9"}}"#,
            404,
            "config.image: roost/a:v9 is not an image of this host"
        ),
        Row(
            "POST /v1/apps/a/machines",
            #"{"config":{"image":"bad"}}"#,
            422,
            "the image docker.io/library/bad:latest could not be pulled"
        ),
        Row(
            "POST /v1/apps/a/machines",
            #"{"region":"No Where","config":{"image":"good"}}"#,
            400,
            "region: \"No Where\" can't be a region's code"
        ),
        Row(
            "POST /v1/apps/a/machines",
            #"{"name":"-x","config":{"image":"good"}}"#,
            400,
            "name: \"-x\" can't be a Machine's name"
        ),
        Row(
            "POST /v1/apps/a/machines",
            #"{"lease_ttl":-1,"config":{"image":"good"}}"#,
            400,
            "request body: lease_ttl: expected 0 to 86400, found -1"
        ),
        Row(
            "POST /v1/apps/a/machines",
            #"{"config":{"image":"good","mounts":[{"volume":"vol_none","path":"/d"}]}}"#,
            404,
            "volume vol_none not found in app a"
        ),
        Row(
            "POST \(one)",
            #"{"name":"x","config":{"image":"good"}}"#,
            400,
            "request body: name: a Machine's name can't be changed from m"
        ),
        Row(
            "POST \(one)",
            #"{"region":"x","config":{"image":"good"}}"#,
            400,
            "request body: region: a Machine can't move from local to x"
        ),
        Row(
            "GET \(one)/wait?state=asleep",
            nil,
            400,
            "state: expected started, stopped, suspended, destroyed, failed or settled, found \"asleep\""
        ),
        Row("GET \(one)/wait?timeout=300", nil, 400, "timeout: expected 1 to 60 seconds, found \"300\""),
        Row("GET \(one)/wait?timeout=1", nil, 408, "machine failed to reach desired state, started, currently created"),
        Row("GET \(one)/events?limit=51", nil, 400, "limit: expected 1 to 50, found \"51\""),
        Row(
            "POST \(one)/stop",
            #"{"signal":"SIGNOT"}"#,
            400,
            "request.signal: expected one of SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGUSR1, SIGUSR2, SIGTERM or SIGSTOP, found \"SIGNOT\""
        ),
        Row("POST \(one)/stop", #"{"timeout":"9h"}"#, 400, "request.timeout: expected 0s to 5m0s, found \"9h\""),
        Row("POST \(one)/signal", nil, 400, "request body: signal: found nothing"),
        Row(
            "POST \(one)/exec",
            nil,
            400,
            "request body.command: is missing: expected [\"ls\", \"-l\"], or cmd: \"ls -l\""
        ),
        Row("POST \(one)/lease?ttl=0", nil, 400, "ttl: expected 1 to 86400, found \"0\""),
        Row("DELETE \(one)/lease", nil, 404, "machine ID ID lease not found"),
        Row("PUT \(one)/metadata", "{}", 400, "request body: metadata: expected an object of strings"),
        Row("POST \(one)/metadata/k", "{}", 400, "request body: value is missing"),
        Row("POST \(one)/fly", nil, 404, "POST \(one)/fly: 404 Not Found"),
        Row("GET /v1/apps/a/volumes/vol_x", nil, 404, "volume not found: vol_x in app a"),
        Row("POST /v1/apps/a/volumes", "{}", 400, "request body: name is missing"),
        Row("POST /v1/apps/a/volumes", #"{"name":"A-b"}"#, 400, "request body: name: \"A-b\" can't be a volume's name"),
        Row(
            "POST /v1/apps/a/volumes",
            #"{"name":"a","size_gb":501}"#,
            400,
            "request body: size_gb: expected 1 to 500, found 501"
        ),
        Row("POST /v1/tokens", #"{"name":""}"#, 400, "name: a token's name has 1 to 100 printable characters"),
        Row(
            "POST /v1/tokens",
            #"{"name":"x","scope":"all"}"#,
            400,
            "request body: scope: expected one of org, deploy, readonly, machine-exec"
        ),
        Row(
            "POST /v1/tokens",
            #"{"name":"x","scope":"deploy"}"#,
            400,
            "request body: app is missing: a token of scope deploy is for one app"
        ),
        Row(
            "POST /v1/tokens",
            #"{"name":"x","expiry":"ever"}"#,
            400,
            "request body: expiry: expected a duration such as 720h, found ever"
        ),
        Row("DELETE /v1/tokens/x", nil, 404, "token not found: x"),
    ]

    @Test("each refusal has its status and its text, and makes nothing")
    func texts() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine(#","name":"m","skip_launch":true"#)
            for row in Self.rows {
                let answer = try await host.ask(row.method, row.path.replacing("ID", with: id), row.body)
                #expect(answer.status == row.status, "\(row.method) \(row.path): \(answer.text)")
                #expect(
                    answer.error == row.error.replacing("ID ID", with: "ID \(id)").replacing("/ID/", with: "/\(id)/")
                )
            }
            #expect(try await host.ask("GET", "/v1/apps/a/machines").json.array?.count == 1)
            #expect(try await host.ask("GET", "/v1/apps/a/volumes").json.array?.isEmpty == true)
        }
    }

    @Test("an empty body and one of another type are as good as none")
    func emptyBodies() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine()
            try await host.wait(id, "started")
            for body in ["", " ", "null", "{}"] {
                #expect(try await host.ask("POST", "/v1/apps/a/machines/\(id)/stop", body).status == 200, "\(body)")
            }
        }
    }

    @Test("nonsense of every kind is refused, and the daemon goes on")
    func fuzz() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine(#","skip_launch":true"#)
            let seed = UInt64.random(in: 0...UInt64.max)
            var generator = Generator(state: seed)
            let routes = [
                ("POST", "/v1/apps"), ("POST", "/v1/apps/a/machines"), ("POST", "/v1/apps/a/machines/\(id)"),
                ("POST", "/v1/apps/a/machines/\(id)/stop"), ("POST", "/v1/apps/a/machines/\(id)/exec"),
                ("POST", "/v1/apps/a/machines/\(id)/lease"), ("PATCH", "/v1/apps/a/machines/\(id)/metadata"),
                ("POST", "/v1/apps/a/volumes"), ("POST", "/v1/tokens"),
            ]
            for _ in 0..<600 {
                let (method, path) = routes[Int.random(in: routes.indices, using: &generator)]
                let answer = try await host.ask(method, path, generator.body())
                #expect(answer.status < 500, "seed \(seed): \(method) \(path): \(answer.text)")
            }
            let deep = String(repeating: #"{"config":"#, count: 10_000)
            #expect(try await host.ask("POST", "/v1/apps/a/machines", deep).status == 400)
            let huge = "{\"name\":\"" + String(repeating: "x", count: 5 << 20) + "\"}"
            let large = try await host.ask("POST", "/v1/apps/a/machines", huge)
            #expect(large.status == 413 && large.error == "request body: expected at most 4194304 bytes")
            #expect(try await host.ask("GET", "/v1/apps/a/machines/\(id)").status == 200)
        }
    }
}

/// Makes odd bodies of the words that requests have.
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func body() -> String {
        let text = members([("config", value(0)), (key(), value(0)), (key(), value(0))]).text
        // Some of them are cut off.
        return Bool.random(using: &self) ? text : String(text.prefix(Int.random(in: 0...text.count, using: &self)))
    }

    private func members(_ all: [(String, JSONValue)]) -> JSONValue { .object(Dictionary(all) { $1 }) }

    private mutating func key() -> String {
        let words = [
            "name", "config", "image", "env", "guest", "cpus", "services", "ports", "checks", "mounts", "restart",
            "metadata", "init", "cmd", "ttl", "signal", "timeout", "region", "files", "scope", "size_gb", "interval",
        ]
        return words[Int.random(in: words.indices, using: &self)]
    }

    private mutating func value(_ depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 4 ? 7 : 10), using: &self) {
        case 0: return .null
        case 1: return .bool(true)
        case 2: return .int(Int64(truncatingIfNeeded: next()))
        case 3: return .double(1e300)
        case 4: return .string("")
        case 5: return .string("good")
        case 6: return .string("\u{0}\u{FFFD}é")
        case 7: return .array([value(depth + 1), value(depth + 1)])
        default: return members([(key(), value(depth + 1)), (key(), value(depth + 1)), ("image", .string("good"))])
        }
    }
}
