import Edge
import Model
import Testing

@Suite("Closed paths")
struct ClosedPathsTests {
    private static func route(_ paths: [String]?) -> Route {
        var route = Route(app: "notes", hostnames: [], autostart: true, machines: [])
        route.closedPaths = paths
        return route
    }

    @Test(
        "a closed path is closed however it is written, with all below it",
        arguments: [
            "/metrics", "/metrics?x=1", "/metrics/", "/metrics/app", "//metrics", "/./metrics", "/%6detrics",
            "/%6Detrics",
            "/a/../metrics", "/a/%2e%2e/metrics", "/%2fmetrics", "/metrics%2fapp", "/metrics/../notes", "/../metrics",
            "metrics",
        ]
    )
    func closed(target: String) throws {
        let paths = try #require(ClosedPaths(Self.route(["/metrics"])))
        #expect(paths.covers(Array(target.utf8)))
    }

    @Test(
        "what only looks like it is open",
        arguments: [
            "/", "", "/metricsx", "/notes/metrics", "/Metrics", "/?/metrics", "/%metrics", "/%25metrics",
            "/notes#/metrics",
        ]
    )
    func open(target: String) throws {
        let paths = try #require(ClosedPaths(Self.route(["/metrics"])))
        #expect(!paths.covers(Array(target.utf8)))
    }

    @Test("a path of several parts is closed as a whole; the root never is")
    func several() throws {
        let paths = try #require(ClosedPaths(Self.route(["/internal/metrics", "/stats/"])))
        #expect(paths.covers(Array("/internal/metrics".utf8)) && paths.covers(Array("/stats".utf8)))
        #expect(!paths.covers(Array("/internal".utf8)) && !paths.covers(Array("/metrics".utf8)))
        #expect(ClosedPaths(Self.route(nil)) == nil)
        #expect(ClosedPaths(Self.route(["/", ""])) == nil)
    }

    @Test("a target of a megabyte takes no longer by the byte than a short one")
    func long() throws {
        let paths = try #require(ClosedPaths(Self.route(["/metrics"])))
        let target = Array(String(repeating: "/../%", count: 200_000).utf8)
        #expect(!paths.covers(target))
    }

    @Test("the app never hears of such a request, and answers all others")
    func throughTheEdge() async throws {
        try await Lab.with { lab in
            try await TestApp.with(TestApp.echo) { app in
                var route = Route.notes(app.target())
                route.closedPaths = ["/metrics"]
                try await lab.serve.apply(1, [route])
                for path in ["/metrics", "/%6detrics/", "http://notes.localhost/metrics"] {
                    #expect(try await fetch(lab.port, get(path)).status == 404)
                }
                #expect(app.seen.isEmpty)
                #expect(try await fetch(lab.port, get("/notes/metrics")).status == 200)
            }
        }
    }
}
