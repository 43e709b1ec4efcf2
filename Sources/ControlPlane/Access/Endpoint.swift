import Model

/// One thing that the API answers: who may ask, and how the OpenAPI document describes it.
struct Endpoint: Sendable {
    /// `GET`.
    var method: String
    /// `/v1/apps/{app}/machines`.
    var path: String
    var access: Access
    /// Names it in the document.
    var id: String
    var summary: String
    /// Parameters of the query.
    var query: [Parameter] = []
    /// The name of the body's schema; nil: it has none.
    var body: String?
    /// The name of the answer's schema, `[…]` for an array of it; nil: none.
    var answer: String?
    var status = 200
    /// Takes a lease's nonce.
    var isLeased = false
    /// May be sent again with the same key, and is then carried out once.
    var isKeyed = false
    /// Stands in the record of changes.
    var isRecorded = true

    struct Parameter: Sendable {
        var name: String
        /// `string`, `integer` or `boolean`.
        var type: String
    }

    init(_ route: String, _ access: Access, _ id: String, _ summary: String) {
        let parts = route.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { preconditionFailure("an endpoint is a method and a path: \(route)") }
        (method, path) = (String(parts[0]), String(parts[1]))
        self.access = access
        self.id = id
        self.summary = summary
    }

    /// With parameters of the query, `name` or `name:integer`.
    func query(_ names: String...) -> Endpoint {
        var copy = self
        copy.query = names.map { name in
            let parts = name.split(separator: ":", maxSplits: 1)
            return Parameter(name: String(parts[0]), type: parts.count > 1 ? String(parts[1]) : "string")
        }
        return copy
    }

    func body(_ schema: String) -> Endpoint {
        var copy = self
        copy.body = schema
        return copy
    }

    func answers(_ schema: String?, _ status: Int = 200) -> Endpoint {
        var copy = self
        copy.answer = schema
        copy.status = status
        return copy
    }

    func leased() -> Endpoint {
        var copy = self
        copy.isLeased = true
        return copy
    }

    func keyed() -> Endpoint {
        var copy = self
        copy.isKeyed = true
        return copy
    }

    /// For what only looks, or fills a cache, whatever its method.
    func unrecorded() -> Endpoint {
        var copy = self
        copy.isRecorded = false
        return copy
    }

    /// The names in braces.
    var parameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }
}

/// All that the API answers.
///
/// A test holds it against the router, both ways.
enum Endpoints {
    static let all: [Endpoint] =
        general + apps + machines + machineParts + volumes + access + deploys + secrets + host
        + certificates

    private static let table = Dictionary(all.map { ("\($0.method) \($0.path)", $0) }) { first, _ in first }

    static func find(_ method: String, _ path: String) -> Endpoint? {
        table["\(method == "HEAD" ? "GET" : method) \(path)"]
    }

    /// The router's spelling of a path in ours: `/v1/apps/:app` is `/v1/apps/{app}`.
    static func pattern(_ path: String) -> String {
        path.split(separator: "/").map { $0.hasPrefix(":") ? "/{\($0.dropFirst())}" : "/\($0)" }.joined()
    }

    private static let general = [
        Endpoint("GET /v1/health", .open, "health", "Whether the daemon answers.").answers("Status"),
        Endpoint("GET /v1/openapi.json", .open, "openapi", "This document.").answers("Document"),
        Endpoint("GET /v1/platform/regions", .anyToken, "Platform_regions", "The regions of this platform.")
            .answers("Regions"),
        Endpoint("POST /v1/platform/placements", .anyToken, "Platform_placements", "Where Machines would stand.")
            .body("Placements").answers("Placed").unrecorded(),
        Endpoint("GET /v1/orgs/{org}/machines", .organization, "Machines_org_list", "The Machines of all apps.")
            .query(
                "include_deleted:boolean",
                "region",
                "state",
                "summary:boolean",
                "updated_after",
                "cursor",
                "limit:integer"
            ).answers("OrgMachines"),
        Endpoint("GET /v1/orgs/{org}/volumes", .organization, "Volumes_org_list", "The volumes of all apps.")
            .query("region", "state", "summary:boolean", "updated_after", "cursor", "limit:integer")
            .answers("OrgVolumes"),
        Endpoint("GET /v1/activity", .organization, "Activity_list", "What was changed or refused, newest first.")
            .query("limit:integer", "app").answers("Activity"),
        Endpoint("GET /v1/activity/verify", .organization, "Activity_verify", "Whether that record is whole.")
            .answers("Verdict"),
        Endpoint("GET /v1/dns", .organization, "Names_find", "What a private name leads to.")
            .query("name", "type", "network", "app").answers("Document"),
        Endpoint("GET /v1/ping", .organization, "Names_ping", "Whether Machines answer an echo, by a private name.")
            .query("name", "network", "app").answers("Document"),
        Endpoint("POST /v1/connect", .organization, "Names_connect", "A port of a Machine, by a private name.")
            .query("name", "port:integer", "network", "app").body("Document").answers("Document"),
        Endpoint("GET /metrics", .anyToken, "Metrics", "Numbers for Prometheus: of the apps that the token may see.")
            .answers("Document"),
        Endpoint("GET /v1/http_sd", .anyToken, "Metrics_targets", "Machines with numbers of their own, for Prometheus.")
            .answers("Document"),
        Endpoint("GET /v1/builder", .upload, "Builder_show", "The Pythons that this host builds with.")
            .answers("Document"),
        Endpoint("POST /v1/builder/bases", .upload, "Builder_bases", "Which base images this host can make.")
            .body("Document").answers("Document").unrecorded(),
    ]

    private static let apps = [
        Endpoint("GET /v1/apps", .anyToken, "Apps_list", "The apps that the token may see.")
            .query("org_slug", "app_role").answers("Apps"),
        Endpoint("POST /v1/apps", .organization, "Apps_create", "Make an app.").body("CreateApp").answers("App", 201)
            .keyed(),
        Endpoint("GET /v1/apps/{app}", .appRead, "Apps_show", "One app.").answers("App"),
        Endpoint("DELETE /v1/apps/{app}", .organization, "Apps_delete", "Destroy an app and all that is its own.")
            .query("force:boolean").answers(nil, 202),
        Endpoint("POST /v1/apps/{app}/deploy_token", .organization, "App_create_deploy_token", "A token for one app.")
            .body("CreateDeployToken").answers("Token").keyed(),
        Endpoint("GET /v1/apps/{app}/logs", .appRead, "Logs_follow", "Log lines, one JSON object a line.")
            .query(
                "machine",
                "tail:integer",
                "follow:boolean",
                "region",
                "group",
                "checks:boolean",
                "since",
                "until",
                "level",
                "grep"
            ).answers("Document"),
        Endpoint("POST /v1/apps/{app}/traffic", .appWrite, "App_traffic", "Close, pause or open an app to its clients.")
            .body("Traffic").answers("App"),
        Endpoint("GET /v1/apps/{app}/ip_assignments", .appRead, "App_IPAssignments_list", "The app's addresses.")
            .answers("IPAssignments"),
        Endpoint("POST /v1/apps/{app}/ip_assignments", .appWrite, "App_IPAssignments_create", "Give it an address.")
            .body("CreateIPAssignment").answers("IPAssignment"),
        Endpoint("DELETE /v1/apps/{app}/ip_assignments/{ip}", .appWrite, "App_IPAssignments_delete", "Take one away.")
            .answers(nil, 204),
        Endpoint("POST /v1/apps/{app}/tryouts", .appWrite, "Tryouts_create", "Throw-away services beside an app.")
            .body("Document").answers("Document"),
    ]

    private static let access = [
        Endpoint("GET /v1/tokens", .organization, "Tokens_list", "All tokens, without what opens them.")
            .answers("Tokens"),
        Endpoint("POST /v1/tokens", .organization, "Tokens_create", "Make a token.").body("CreateToken")
            .answers("Token", 201).keyed(),
        Endpoint("DELETE /v1/tokens/{token}", .organization, "Tokens_revoke", "Revoke a token.").answers("Token"),
        Endpoint("GET /v1/tokens/current", .anyToken, "Tokens_current", "Whose token this is.").answers(
            "CurrentTokens"
        ),
    ]

    private static let deploys = [
        Endpoint("POST /v1/sources/missing", .upload, "Sources_missing", "Which files of a project are to be sent.")
            .body("Document").answers("Document").unrecorded(),
        Endpoint("PUT /v1/sources/{sha256}", .upload, "Sources_put", "Send a file.").body("Bytes").answers(nil, 204)
            .unrecorded(),
        Endpoint("GET /v1/apps/{app}/rollouts", .appRead, "Rollouts_list", "The app's deploys.")
            .answers("[Document]"),
        Endpoint("POST /v1/apps/{app}/rollouts", .appWrite, "Rollouts_create", "Deploy.").body("Document")
            .answers("Document", 202).keyed(),
        Endpoint("POST /v1/apps/{app}/rollouts/plan", .appRead, "Rollouts_plan", "What a deploy would do.").body(
            "Document"
        )
        .answers("Document"),
        Endpoint("GET /v1/apps/{app}/rollouts/{id}/events", .appRead, "Rollouts_follow", "The story of a deploy.")
            .answers("Document"),
        Endpoint("POST /v1/apps/{app}/rollouts/{id}/cancel", .appWrite, "Rollouts_cancel", "End a deploy."),
        Endpoint("GET /v1/apps/{app}/releases", .appRead, "Releases_list", "The app's releases.")
            .answers("[Document]"),
        Endpoint("POST /v1/apps/{app}/releases", .appWrite, "Releases_create", "Return to a release, or change sizes.")
            .body("Document").answers("Document").keyed(),
    ]
}
