extension ApplicationRules {
    static let crossOrigin = Rule(
        "A03",
        .error,
        "CORS lets every origin in",
        why: "With credentials allowed, Starlette answers `*` by echoing whatever origin asks, "
            + "so any web site can act as the user who visits it.",
        fix: "List the origins of your own front ends; without cookies, drop `allow_credentials`.",
        reference: "https://www.starlette.io/middleware/#corsmiddleware",
        exceptions:
            "A public API without credentials may answer every origin: a warning; likewise a default of settings, and an "
            + "app that knows its users by a header and has no cookies, since browsers add no header by themselves.",
        bad: [
            "main.py": """
            from fastapi import FastAPI
            from fastapi.middleware.cors import CORSMiddleware as Cors

            app = FastAPI(openapi_url=None)
            app.add_middleware(
                Cors,
                allow_credentials=True,
                allow_origins=["*"],
            )
            """
        ],
        good: [
            "main.py": """
            from fastapi import FastAPI
            from fastapi.middleware.cors import CORSMiddleware

            app = FastAPI(openapi_url=None)
            # allow_origins=["*"] was for the demo
            app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"], allow_credentials=True)
            """
        ],
        at: ["main.py:8"]
    ) { context in
        let code = context.code
        return uses(in: code).compactMap { use in
            let at = use.key
            let origins = code.constant(use.call["allow_origins"], at: at, line: use.call.line)
            let pattern = code.constant(use.call["allow_origin_regex"], at: at, line: use.call.line)
            let isStar = origins?.value.elements?.contains { $0.text == "*" } == true
            let isAll = pattern?.value.text.map(matchesAll) == true
            guard isStar || isAll else { return nil }
            let credentials =
                code.constant(use.call["allow_credentials"], at: at, line: use.call.line)?.value.bool == true
            let isLiteral = (isStar ? origins : pattern)?.origin == .literal
            let isHeader = credentials && knowsUsersByHeader(context)
            let place = code.place(of: isStar ? "allow_origins" : "allow_origin_regex", in: use)
            let also = isLiteral ? "" : ", unless the environment replaces the default"
            return Finding(
                "A03",
                credentials && isLiteral && !isHeader ? .error : .warning,
                at: place,
                found: code.found(place),
                isHeader
                    ? "every origin may send cookies and read the answers\(also); here users are known by a header alone"
                    : credentials
                        ? "every origin may send requests with the user's cookies and read the answers\(also)"
                        : "every origin may read the answers\(also)",
                fix: isHeader ? "allow_credentials=False" : "allow_origins=[\"https://your-front-end\"]"
            )
        }
    }

    static let originLists = Rule(
        "A04",
        .warning,
        "An origin never matches",
        why:
            "Browsers send an origin without blanks and without a slash at its end. `\"a, b\".split(\",\")` keeps the blank.",
        fix: "`[origin.strip() for origin in text.split(\",\")]`; no slash at the end.",
        reference: "https://developer.mozilla.org/docs/Web/HTTP/Headers/Origin",
        bad: [
            "main.py": """
            import os
            from fastapi import FastAPI
            from fastapi.middleware.cors import CORSMiddleware

            app = FastAPI(openapi_url=None)
            origins = os.getenv("CORS_ORIGINS", "").split(",")
            app.add_middleware(CORSMiddleware, allow_origins=origins)
            """
        ],
        good: [
            "main.py": """
            import os
            from fastapi import FastAPI
            from fastapi.middleware.cors import CORSMiddleware

            app = FastAPI(openapi_url=None)
            origins = [item.strip() for item in os.getenv("CORS_ORIGINS", "").split(",")]
            app.add_middleware(CORSMiddleware, allow_origins=origins)
            """
        ],
        at: ["main.py:6"]
    ) { context in
        let code = context.code
        return uses(in: code).flatMap { use -> [Finding] in
            guard let value = use.call["allow_origins"] else { return [] }
            let source = code.followed(value, at: use.key, line: use.call.line)
            if let call = source.value.call, call.function.hasSuffix(".split"), call.arguments.first?.text == "," {
                let place = Place(source.at.path, call.line)
                return [
                    Finding(
                        "A04",
                        .warning,
                        at: place,
                        found: code.found(place),
                        "blanks after the commas stay in the origins, which then never match",
                        fix: "[item.strip() for item in ….split(\",\")]"
                    )
                ]
            }
            let known = code.constant(value, at: use.key, line: use.call.line)
            let slashed =
                known?.value.elements?.compactMap(\.text).filter { $0.contains("://") && $0.hasSuffix("/") } ?? []
            return slashed.map { origin in
                let near = known?.place ?? use.place
                let first = near.line ?? 1
                let place = Place(near.file, code.text.line(having: origin, in: near.file, first...(first + 20)))
                return Finding(
                    "A04",
                    .warning,
                    at: place,
                    found: code.found(place),
                    "\(origin) never matches: browsers send origins without a slash at the end",
                    fix: String(origin.dropLast()),
                    patch: code.patch(place, replacing: "\(origin)\"", with: "\(origin.dropLast())\"")
                )
            }
        }
    }

    static let outermost = Rule(
        "A15",
        .info,
        "CORS is not the outermost middleware",
        why: "The middleware that is added last is the outermost. What an outer one answers itself (401, 429, errors) "
            + "has no CORS headers, so browsers hide it from the front end.",
        fix: "Add CORSMiddleware last.",
        reference: "https://fastapi.tiangolo.com/tutorial/middleware/#multiple-middleware-execution-order",
        bad: [
            "main.py": """
            from fastapi import FastAPI
            from fastapi.middleware.cors import CORSMiddleware
            from starlette.middleware.gzip import GZipMiddleware

            app = FastAPI(openapi_url=None)
            app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"])
            app.add_middleware(GZipMiddleware)
            """
        ],
        good: [
            "main.py": """
            from fastapi import FastAPI
            from fastapi.middleware.cors import CORSMiddleware
            from starlette.middleware.gzip import GZipMiddleware

            app = FastAPI(openapi_url=None)
            app.add_middleware(GZipMiddleware)
            app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"])
            """
        ],
        at: ["main.py:6"]
    ) { context in
        let code = context.code
        return code.web.flatMap { module in
            module.calls.filter { isCORS($0) && $0.method == "add_middleware" }.compactMap { call -> Finding? in
                let later = module.calls.first {
                    $0.function == call.function && $0.scope == call.scope && $0.line > call.line
                }
                guard let later, let name = later.arguments.first?.name ?? later.arguments.first?.call?.function else {
                    return nil
                }
                let place = Place(module.path, call.line)
                let outer = name.split(separator: ".").last ?? "another"
                return Finding(
                    "A15",
                    .info,
                    at: place,
                    found: code.found(place),
                    "\(outer) of line \(later.line) lies around it, so what that answers has no CORS headers",
                    fix: "move this call below line \(later.line)"
                )
            }
        }
    }

    // MARK: - Private

    private static func isCORS(_ call: PythonCall) -> Bool {
        let first = call.arguments.first?.name ?? call["middleware_class"]?.name ?? ""
        return first.hasSuffix("CORSMiddleware") || call.function.hasSuffix("CORSMiddleware")
    }

    /// Calls that set CORS up, in whatever way.
    private static func uses(in code: CodeMap) -> [AppCall] {
        code.web.flatMap { module in
            module.calls.filter { isCORS($0) && !code.isDevelopmentOnly(module.path, $0.line) && !$0.inMainGuard }
                .map { AppCall(module: module, call: $0) }
        }
    }

    /// Whether requests carry a token that the front end's own code adds, and nothing that browsers add by themselves.
    private static func knowsUsersByHeader(_ context: AuditContext) -> Bool {
        let headers = ["OAuth2PasswordBearer", "HTTPBearer", "APIKeyHeader", "\"Authorization\"", "'Authorization'"]
        let ambient = [
            "set_cookie", ".cookies", "Cookie(", "APIKeyCookie", "CookieTransport", "SessionMiddleware", ".session[",
            "HTTPBasic",
        ]
        func any(_ words: [String]) -> Bool {
            // Also files in a syntax that is too new for the python3 at hand.
            context.code.all.contains { module in
                guard context.code.runs(module.path), let text = context.project.text(module.path) else { return false }
                return words.contains { TextSearch.contains(text, $0) }
            }
        }
        return any(headers) && !any(ambient)
    }

    private static func matchesAll(_ pattern: String) -> Bool {
        let plain = pattern.filter { !"^$()".contains($0) }
        return [".*", ".+", "https?://.*", "http.*", "https?://.+", "http://.*|https://.*", "https://.*", "*"].contains(
            plain
        )
    }
}
