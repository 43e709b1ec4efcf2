import HTTPTypes
import Hummingbird
import Model
import Toolkit

/// Decides for every request whether it may be answered, and records what was changed and what was refused.
///
/// The one place where that is decided. What is not in the table of endpoints is closed to every token.
struct Gate: RouterMiddleware {
    typealias Context = BasicRequestContext

    let tokens: Tokens
    let activity: ActivityLog

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let pattern = Endpoints.pattern(context.endpointPath ?? "")
        let endpoint = Endpoints.find(request.method.rawValue, pattern)
        let caller: Caller
        do {
            caller = try await admit(request, endpoint, context)
        } catch let refusal as Refusal {
            await note(request, refusal.caller, status: refusal.fault.code.httpStatus, error: refusal.fault.message)
            throw refusal.fault
        }
        return try await Caller.$current.withValue(caller) {
            guard request.method.changes, endpoint?.isRecorded != false else { return try await next(request, context) }
            do {
                let response = try await next(request, context)
                await note(request, caller, status: response.status.code, error: nil)
                return response
            } catch {
                let fault = error as? Fault
                await note(request, caller, status: fault?.code.httpStatus ?? 500, error: fault?.message ?? "\(error)")
                throw error
            }
        }
    }

    // MARK: - Private

    private struct Refusal: Error {
        var fault: Fault
        var caller: Caller
    }

    private func admit(_ request: Request, _ endpoint: Endpoint?, _ context: Context) async throws -> Caller {
        switch Door.current {
        case .socket: return .root(request.headers[.roostUser].map { String($0.prefix(200)) })
        case .network(let from): return try await admit(request, endpoint, context, from)
        case .machine(let id, let app):
            // Whoever shows a token there is who the token says.
            guard request.headers[.authorization] == nil else {
                return try await admit(request, endpoint, context, "Machine \(id)")
            }
            return try admit(.machine(id, app: app), request, endpoint, context)
        case nil: return try await admit(request, endpoint, context, "unknown")
        }
    }

    private func admit(
        _ request: Request,
        _ endpoint: Endpoint?,
        _ context: Context,
        _ from: String
    ) async throws -> Caller {
        let nobody = Caller.nobody(from)
        if endpoint?.access == .open { return nobody }
        let shown = APIToken.tokens(inHeader: request.headers[.authorization] ?? "")
        let good = try await tokens.good(shown)
        guard let first = good.first else {
            let hint = "send Authorization: Bearer TOKEN; roost tokens create makes one"
            throw Refusal(
                fault: Fault(.unauthorized, "authenticate: token validation error", hint: hint),
                caller: nobody
            )
        }
        // No such route: that there is none is no secret.
        guard context.endpointPath != nil else { return caller(first, from) }
        let app = context.parameters.get("app")
        let machine = context.parameters.get("id")
        if let endpoint, let token = good.first(where: { $0.scope.allows(endpoint.access, app: app, machine: machine) })
        {
            await tokens.used(token)
            return caller(token, from)
        }
        let what = "\(request.method.rawValue) \(request.uri.path)"
        throw Refusal(
            fault: Fault(
                .forbidden,
                "authorize: the token \"\(first.name)\" is for \(first.scope.description), not for \(what)",
                hint: "roost tokens create makes one with another scope"
            ),
            caller: caller(first, from)
        )
    }

    /// What needs no token, since it is the app's own.
    private func admit(
        _ caller: Caller,
        _ request: Request,
        _ endpoint: Endpoint?,
        _ context: Context
    ) throws(Refusal) -> Caller {
        let (app, machine) = (context.parameters.get("app"), context.parameters.get("id"))
        if context.endpointPath == nil { return caller }
        if let endpoint, caller.scope?.allows(endpoint.access, app: app, machine: machine) == true { return caller }
        let what = "\(request.method.rawValue) \(request.uri.path)"
        let fault = Fault(
            .forbidden,
            "authorize: \(caller.name) may ask for its own app without a token, not for \(what)",
            hint: "send Authorization: Bearer TOKEN; roost tokens create makes one"
        )
        throw Refusal(fault: fault, caller: caller)
    }

    private func caller(_ token: APIToken, _ from: String) -> Caller {
        Caller(scope: token.scope, name: token.name, tokenID: token.id, from: from)
    }

    private func note(_ request: Request, _ caller: Caller, status: Int, error: String?) async {
        await activity.add(
            ActivityEntry.Call(
                actor: caller.name,
                token: caller.tokenID,
                from: caller.from,
                method: request.method.rawValue,
                path: String(request.uri.path.prefix(1000)),
                status: status,
                error: error.map { String($0.prefix(500)) }
            )
        )
    }
}

extension HTTPRequest.Method {
    /// Anything but looking.
    var changes: Bool { self != .get && self != .head && self != .options }
}

extension HTTPField.Name {
    /// What the user at the command line is called, for records; believed of nobody but root.
    static var roostUser: Self { name("Roost-User") }
    static var leaseNonce: Self { name("fly-machine-lease-nonce") }
    static var idempotencyKey: Self { name("Idempotency-Key") }
    /// On an answer that was given before.
    static var idempotencyReplayed: Self { name("Idempotency-Replayed") }

    private static func name(_ text: String) -> Self {
        guard let name = Self(text) else { preconditionFailure("\(text) is the name of a header") }
        return name
    }
}
