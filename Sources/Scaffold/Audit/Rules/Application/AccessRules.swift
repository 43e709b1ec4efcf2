import Toolkit

extension ApplicationRules {
    static let limits = Rule(
        "A20",
        .warning,
        "Passwords can be tried without a limit",
        why:
            "A login, token or reset route that answers as often as it is asked lets a script try passwords and codes.",
        fix: "slowapi or fastapi-limiter with a shared store, or a limit in the proxy.",
        reference: "https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html",
        exceptions:
            "Projects with a limiter in the app or in a proxy's configuration, routes for users who have signed in; a "
            + "gateway of the platform may do it.",
        bad: [
            "main.py": """
            from fastapi import FastAPI

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}

            @app.post("/auth/login")
            def login():
                return {}
            """
        ],
        good: [
            "main.py": """
            from fastapi import FastAPI, Request
            from slowapi import Limiter
            from slowapi.util import get_remote_address

            app = FastAPI(openapi_url=None)
            limiter = Limiter(key_func=get_remote_address, storage_uri="redis://cache")

            @app.get("/health")
            def health():
                return {}

            @app.post("/auth/login")
            @limiter.limit("5/minute")
            def login(request: Request):
                return {}
            """
        ],
        at: ["main.py:9"]
    ) { context in
        guard !limitsRequests(context) else { return [] }
        let names: Set<String> = [
            "login", "signin", "token", "accesstoken", "forgotpassword", "resetpassword", "passwordreset",
            "passwordrecovery",
            "recoverpassword", "passwordforgot", "verifyotp", "otp", "logon", "authenticate", "auth",
        ]
        var seen: Set<Place> = []
        return context.routes.compactMap { route in
            guard route.methods.contains("POST"), context.code.isReached(route.key.path) else { return nil }
            let parts = route.path.lowercased().split(separator: "/").filter { !$0.hasPrefix("{") }
            let last = (parts.last ?? "").filter(\.isLetter)
            let pair = parts.suffix(2).joined().filter(\.isLetter)
            guard names.contains(last) || names.contains(pair) else { return nil }
            let limited = (route.dependencies.map(\.name) + route.decorators).contains { name in
                ["limit", "throttl"].contains { name.lowercased().contains($0) }
            }
            // Who has signed in already has nothing to guess. A router under two prefixes is one place.
            guard !limited, !isForSignedIn(route), seen.insert(route.place).inserted else { return nil }
            return Finding(
                "A20",
                .warning,
                at: route.place,
                found: context.code.found(route.place),
                "\(route.path) can be asked without a limit",
                fix: "@limiter.limit(\"5/minute\"), or limit_req at the proxy"
            )
        }
    }

    /// Whether a dependency or a parameter wants a user that is known: `get_current_user`, `require_admin`.
    private static func isForSignedIn(_ route: WebRoute) -> Bool {
        let marks = ["current", "require", "permission", "admin", "authenticated", "superuser"]
        return (route.dependencies.map(\.name) + route.decorators).contains { name in
            let last = name.split(separator: ".").last?.lowercased() ?? ""
            return marks.contains { last.contains($0) } && !last.contains("form")
        }
    }

    static let tokens = Rule(
        "A21",
        .error,
        "Tokens are not checked, or never end",
        why:
            "Without `algorithms` a library may take the one that the token itself names; without a verified signature "
            + "anybody can write a token; without `exp` a stolen one is good for ever.",
        fix: "`jwt.decode(token, key, algorithms=[\"HS256\"])`; `exp` in every token that is made.",
        reference: "https://pyjwt.readthedocs.io/en/stable/usage.html",
        exceptions: "Reading a header or an issuer before the real check in the same function: a warning.",
        bad: [
            "tokens.py": """
            from jose import jwt as tokens

            def read(token, key):
                return tokens.decode(
                    token,
                    key,
                    options={"verify_signature": False},
                )
            """
        ],
        good: [
            "tokens.py": """
            import jwt
            from datetime import datetime, timedelta, timezone

            def read(token, key):
                return jwt.decode(token, key, algorithms=["HS256"])

            def write(user, key):
                claims = {"sub": user}
                claims["exp"] = datetime.now(timezone.utc) + timedelta(minutes=15)
                return jwt.encode(claims, key, algorithm="HS256")
            """
        ],
        at: ["tokens.py:4"]
    ) { context in
        let code = context.code
        let makers: Set<String> = ["jwt.decode", "jose.jwt.decode", "jwt.api_jwt.decode"]
        let decodes = code.calls(of: makers).compactMap { app -> Finding? in
            guard let (message, fix) = unchecked(app.call, at: app.key, code) else { return nil }
            // The same function reads the token again, and then with the key.
            let again = code.calls(in: app.key).contains {
                makers.contains($0.function) && $0.line != app.call.line && unchecked($0, at: app.key, code) == nil
            }
            // jose checks by itself that key and algorithm fit; PyJWT raises without algorithms, each time.
            let isLenient = app.call.function.hasPrefix("jose.") && message.hasPrefix("no algorithms")
            return Finding(
                "A21",
                again || isLenient ? .warning : .error,
                at: app.place,
                found: code.found(app.place),
                message,
                fix: fix
            )
        }
        let encodes = code.calls(of: ["jwt.encode", "jose.jwt.encode"]).compactMap { app -> Finding? in
            guard neverEnds(app, code) else { return nil }
            return Finding(
                "A21",
                .error,
                at: app.place,
                found: code.found(app.place),
                "this token has no exp: it is good for ever",
                fix: "\"exp\": datetime.now(timezone.utc) + timedelta(minutes=15)"
            )
        }
        return decodes + encodes
    }

    // MARK: - Private

    /// Whether the project limits requests anywhere.
    private static func limitsRequests(_ context: AuditContext) -> Bool {
        if context.uses(
            "slowapi",
            "fastapi-limiter",
            "fastapi-guard",
            "pyrate-limiter",
            "ratelimit",
            "asgi-ratelimit",
            "limits",
            "fastapi-throttle",
            "fastapi-advanced-rate-limiter",
            "aiolimiter"
        ) {
            return true
        }
        if ["limit_req", "ratelimit", "rateLimit", "rate_limit"].contains(where: context.proxyHas) { return true }
        return context.code.web.contains { module in
            module.classes.contains { type in
                let name = type.name.lowercased()
                return name.contains("ratelimit") || name.contains("throttl") || name.contains("limiter")
            }
                || module.functions.contains {
                    ["rate_limit", "ratelimit", "throttle"].contains(where: $0.name.lowercased().contains)
                }
        }
    }

    private static func unchecked(
        _ call: PythonCall,
        at: CodeMap.Key,
        _ code: CodeMap
    ) -> (message: String, fix: String)? {
        guard call["**"] == nil else { return nil }
        if let options = call["options"], case .dict(let pairs) = code.followed(options, at: at, line: call.line).value,
            pairs.contains(where: { $0.key.text == "verify_signature" && $0.value.bool == false })
        {
            return ("the signature is not verified: anybody can write such a token", "drop verify_signature")
        }
        if call["verify"]?.bool == false {
            return ("the signature is not verified: anybody can write such a token", "drop verify=False")
        }
        let algorithms = call.argument(2, "algorithms")
        guard let algorithms else {
            let slip = call["algorithm"] == nil ? "" : " (algorithm= is another word)"
            return ("no algorithms are given\(slip), so the token says how it is checked", "algorithms=[\"HS256\"]")
        }
        let names = code.constant(algorithms, at: at, line: call.line)?.value.elements?.compactMap(\.text) ?? []
        return names.contains { $0.lowercased() == "none" }
            ? ("the algorithm none is allowed: no key is needed", "drop none") : nil
    }

    /// The claims are all in sight, and none of them is an end.
    private static func neverEnds(_ app: AppCall, _ code: CodeMap) -> Bool {
        guard let claims = app.call.argument(0, "payload") ?? app.call["claims"] else { return false }
        let source = code.followed(claims, at: app.key, line: app.call.line)
        guard case .dict(let pairs) = source.value, !pairs.isEmpty else { return false }
        // Unpacked dictionaries and keys that are no constants may hold it.
        guard pairs.allSatisfy({ $0.key.text != nil }), !pairs.contains(where: { $0.key.text == "exp" }) else {
            return false
        }
        guard let function = code.functions[app.key] else { return false }
        let text = code.text.text(app.key.path, function.line...function.endLine)
        return !["\"exp\"", "'exp'", "exp=", "expire"].contains { text.contains($0) }
    }
}
