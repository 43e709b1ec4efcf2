import Hummingbird
import Model
import Toolkit

/// `/v1/tokens`, and `POST /v1/apps/{app}/deploy_token`.
struct TokenRoutes {
    let tokens: Tokens
    let apps: Apps
    let machines: Machines
    /// SHA-256 of the certificate authority that signed the API's certificate; nil where it has none of its own.
    let fingerprint: String?

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/tokens") { _, _ in
            JSONAnswer.make(.object(["tokens": .array(try await tokens.list().map(\.wire))]))
        }
        router.post("/v1/tokens") { request, _ in
            let body = try await request.object()
            let scope = try await scope(body)
            let order = Tokens.Order(
                name: try body.text("name") ?? "",
                scope: scope,
                life: try life(body),
                by: Caller.current?.name ?? "root"
            )
            return try await answer(order, status: .created)
        }
        router.delete("/v1/tokens/:token") { _, context in
            JSONAnswer.make(try await tokens.revoke(try context.parameters.require("token")).wire)
        }
        router.get("/v1/tokens/current") { _, _ in
            JSONAnswer.make(.object(["tokens": .array([current()])]))
        }
        router.post("/v1/apps/:app/deploy_token") { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            let body = try await request.object()
            let order = Tokens.Order(
                name: try body.text("name") ?? "deploy token",
                scope: .deploy(app: app.name),
                life: try life(body),
                by: Caller.current?.name ?? "root"
            )
            return try await answer(order, status: .ok)
        }
    }

    // MARK: - Private

    private func answer(_ order: Tokens.Order, status: HTTPResponse.Status) async throws -> Response {
        let made = try await tokens.create(order)
        guard var members = made.token.wire.object else { preconditionFailure("a token is shown as an object") }
        members["token"] = .string(made.text)
        if let fingerprint { members["ca_fingerprint"] = .string(fingerprint) }
        return JSONAnswer.make(.object(members), status: status)
    }

    private func scope(_ body: JSONBody) async throws -> TokenScope {
        let word = try body.text("scope") ?? "org"
        guard TokenScope.words.contains(word) else {
            throw Fault(
                .invalidRequest,
                "request body: scope: expected one of \(TokenScope.words.joined(separator: ", "))"
            )
        }
        guard word != "org" else { return .organization }
        guard let name = try body.text("app"), !name.isEmpty else {
            throw Fault(.invalidRequest, "request body: app is missing: a token of scope \(word) is for one app")
        }
        let app = try await apps.get(name)
        switch word {
        case "deploy": return .deploy(app: app.name)
        case "readonly": return .read(app: app.name)
        default:
            let machine = try await machines.get(app.name, try body.text("machine") ?? "")
            return .exec(app: app.name, machine: machine.id)
        }
    }

    private func life(_ body: JSONBody) throws(Fault) -> Duration {
        guard let text = try body.text("expiry"), !text.isEmpty else { return APIToken.defaultLife }
        guard let life = GoDuration.parse(text) else {
            throw Fault(.invalidRequest, "request body: expiry: expected a duration such as 720h, found \(text)")
        }
        return life
    }

    /// Who calls, in Fly's shape.
    private func current() -> JSONValue {
        let caller = Caller.current
        let machine: String? = if case .exec(_, let id)? = caller?.scope { id.text } else { nil }
        return .members([
            ("token_id", .string(caller?.tokenID ?? "")), ("org_slug", .string(Organization.slug)),
            ("organization", .string(Organization.slug)),
            ("apps", caller?.scope?.app.map { .strings([$0]) }), ("user", .string(caller?.name ?? "")),
            ("restricted_to_machine", machine.map { .string($0) }),
        ])
    }
}

/// All apps belong to one organisation, whose slug clients may spell as they like.
enum Organization {
    static let slug = "personal"

    static let wire = JSONValue.object(["name": .string(slug), "slug": .string(slug), "internal_numeric_id": .int(1)])
}
