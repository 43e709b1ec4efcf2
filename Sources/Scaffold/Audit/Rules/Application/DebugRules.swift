extension ApplicationRules {
    static let debug = Rule(
        "A01",
        .error,
        "Debug mode is on",
        why: "Starlette then answers an unhandled error with its traceback and the source around it, to anybody.",
        fix: "Leave `debug` out, or take it from a setting whose default is off.",
        reference: "https://www.starlette.io/applications/ (debug)",
        exceptions: "Apps made only under a test of the environment, test settings, tests and examples.",
        bad: [
            "app/config.py": """
            from pydantic_settings import BaseSettings

            class Settings(BaseSettings):
                debug: bool = True

            settings = Settings()
            """,
            "app/main.py": """
            import fastapi as f
            from app.config import settings

            app = f.FastAPI(
                title="Shop",  # debug=True would be wrong
                openapi_url=None,
                debug=settings.debug,
            )
            """,
        ],
        good: [
            "app/config.py": """
            from pydantic_settings import BaseSettings

            class Settings(BaseSettings):
                debug: bool = False

            settings = Settings()
            """,
            "app/main.py": """
            from fastapi import FastAPI
            from app.config import settings

            text = "FastAPI(debug=True)"
            app = FastAPI(debug=settings.debug, openapi_url=None)
            """,
        ],
        at: ["app/config.py:4"]
    ) { context in
        let code = context.code
        let made = context.apps.compactMap { app -> Finding? in
            guard let value = app.call["debug"], !code.isDevelopmentOnly(app.module.path, app.call.line) else {
                return nil
            }
            return finding(value, at: app.key, place: code.place(of: "debug", in: app), code)
        }
        let set = code.web.flatMap { module in
            module.assigns.filter { $0.target.hasSuffix(".debug") && $0.value?.bool == true }.compactMap {
                item -> Finding? in
                let owner = String(item.target.dropLast(6))
                let at = CodeMap.Key(path: module.path, name: item.scope)
                guard code.typeName(of: owner, at: at) == "fastapi.FastAPI()", let value = item.value else {
                    return nil
                }
                guard !code.isDevelopmentOnly(module.path, item.line), item.inMainGuard != true else { return nil }
                return finding(value, at: at, place: Place(module.path, item.line), code)
            }
        }
        return made + set
    }

    static let docs = Rule(
        "A02",
        .warning,
        "API documentation is open in production",
        why: "`/docs`, `/redoc` and `/openapi.json` tell every route and model to anybody. "
            + "Turning the pages off leaves `/openapi.json` on.",
        fix: "Pass `openapi_url=None` in production, which turns all three off; suppress this rule for a public API.",
        reference: "https://fastapi.tiangolo.com/how-to/conditional-openapi/",
        exceptions: "Apps whose `openapi_url` depends on a setting, or whose arguments are unpacked from a dictionary.",
        bad: [
            "main.py": """
            from fastapi import FastAPI

            app = FastAPI(docs_url=None, redoc_url=None)
            """
        ],
        good: [
            "main.py": """
            import os
            from fastapi import FastAPI

            public = os.getenv("SHOW_DOCS") == "1"
            app = FastAPI(openapi_url="/openapi.json" if public else None)
            """
        ],
        at: ["main.py:3"]
    ) { context in
        let code = context.code
        return context.apps.compactMap { app in
            let call = app.call
            guard call["**"] == nil, !code.isDevelopmentOnly(app.module.path, call.line) else { return nil }
            let isOpen =
                switch call["openapi_url"] {
                case nil: true
                case .string(let path): !path.isEmpty
                case .formatted: true
                default: false
                }
            // `app.openapi_url = None`
            let isChanged = app.module.assigns.contains { $0.target.hasSuffix(".openapi_url") }
            guard isOpen, !isChanged else { return nil }
            let hidesPages = ["docs_url", "redoc_url"].contains { name in
                guard let value = call[name] else { return false }
                return value.text == nil
            }
            let place =
                hidesPages ? code.place(of: call["docs_url"] == nil ? "redoc_url" : "docs_url", in: app) : app.place
            return Finding(
                "A02",
                .warning,
                at: place,
                found: code.found(place),
                hidesPages
                    ? "the pages are off, but /openapi.json still answers with the whole schema"
                    : "/docs, /redoc and /openapi.json answer everybody, in production too",
                fix: "openapi_url=None where ENVIRONMENT is production"
            )
        }
    }

    // MARK: - Private

    private static func finding(_ value: PythonValue, at: CodeMap.Key, place: Place, _ code: CodeMap) -> Finding? {
        guard let found = code.constant(value, at: at, line: place.line ?? 1), isTrue(found) else { return nil }
        guard CodeRole.of(found.place.file, root: code.root) != .test else { return nil }
        switch found.origin {
        case .literal:
            let isHere = value.bool == true
            let there = isHere ? place : found.place
            return Finding(
                "A01",
                .error,
                at: there,
                found: code.found(there),
                "the app runs in debug mode and answers errors with tracebacks",
                fix: "debug=False",
                patch: isHere ? code.patch(place, replacing: "debug=True", with: "debug=False") : nil
            )
        case .setting, .environment:
            return Finding(
                "A01",
                .error,
                at: found.place,
                found: code.found(found.place),
                "the app runs in debug mode unless the environment says otherwise: its default is true",
                fix: "make the default false"
            )
        }
    }

    private static func isTrue(_ constant: CodeMap.Constant) -> Bool {
        switch constant.value {
        case .bool(let flag): flag
        case .integer(let number): number == 1
        // `os.getenv("DEBUG", "False")` without a test of its text is true as well; A24 says that.
        case .string(let text): constant.origin != .literal && ["1", "true", "yes", "on"].contains(text.lowercased())
        default: false
        }
    }
}
