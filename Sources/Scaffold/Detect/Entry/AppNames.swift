/// The classes and functions of libraries that make an app a server can run.
enum AppNames {
    static let makers: [String: Facts.Framework] = [
        "fastapi.FastAPI": .fastapi, "fastapi.applications.FastAPI": .fastapi,
        "fastapi_offline.FastAPIOffline": .fastapi,
        "starlette.applications.Starlette": .starlette, "litestar.Litestar": .litestar,
        "litestar.app.Litestar": .litestar,
        "starlite.Starlite": .litestar, "flask.Flask": .flask, "flask.app.Flask": .flask, "apiflask.APIFlask": .flask,
        "flask_openapi3.OpenAPI": .flask, "connexion.FlaskApp": .flask, "dash.Dash": .flask,
        "connexion.AsyncApp": .asgi, "quart.Quart": .asgi, "quart.app.Quart": .asgi, "sanic.Sanic": .asgi,
        "blacksheep.Application": .asgi, "blacksheep.server.Application": .asgi, "falcon.asgi.App": .asgi,
        "esmerald.Esmerald": .asgi, "ravyn.Ravyn": .asgi, "lilya.apps.Lilya": .asgi, "strawberry.asgi.GraphQL": .asgi,
        "ariadne.asgi.GraphQL": .asgi, "falcon.App": .wsgi, "falcon.API": .wsgi, "falcon.wsgi.App": .wsgi,
        "bottle.Bottle": .wsgi, "bottle.default_app": .wsgi,
        "django.core.asgi.get_asgi_application": .django, "django.core.wsgi.get_wsgi_application": .django,
        "channels.routing.ProtocolTypeRouter": .django,
    ]

    /// Methods that give an app out of something else.
    static let methods: [String: Facts.Framework] = [
        "make_wsgi_app": .wsgi, "streamable_http_app": .asgi, "sse_app": .asgi, "http_app": .asgi,
    ]

    /// Classes around an app that are one themselves, by the end of their names.
    static let wrappers = ["Middleware", "ASGIApp", "mount_gradio_app", "ProxyFix", "WhiteNoise", "WSGIApp"]

    /// Arguments that hold what is wrapped.
    static let wrapped = ["app", "other_asgi_app", "asgi_app", "wsgi_app", "application", "wsgi_application"]

    /// Functions that start a server with an app.
    static let runners: [String: Facts.Server.Name] = [
        "uvicorn.run": .uvicorn, "uvicorn.Config": .uvicorn, "uvicorn.main.run": .uvicorn,
        "uvicorn.config.Config": .uvicorn,
        "hypercorn.asyncio.serve": .hypercorn, "hypercorn.trio.serve": .hypercorn, "hypercorn.run.run": .hypercorn,
        "granian.Granian": .granian, "granian.server.Granian": .granian, "waitress.serve": .own,
        "aiohttp.web.run_app": .own,
        "gevent.pywsgi.WSGIServer": .own, "mangum.Mangum": .own, "socketio.run": .own,
    ]

    /// Attribute names that servers expect, the usual one first.
    static func rank(attribute: String) -> Int {
        ["app": 0, "api": 1, "application": 1, "asgi_app": 2, "server": 3, "create_app": 0, "get_app": 1][attribute]
            ?? 4
    }

    /// File names that hold an app, the usual one first.
    static func rank(file: String) -> Int {
        let name = TreePath.name(of: file)
        if name == "__init__.py" { return 4 }
        let order = [
            "main.py", "asgi.py", "app.py", "server.py", "application.py", "api.py", "wsgi.py", "web.py", "__main__.py",
        ]
        return order.firstIndex(of: name).map { min($0, 4) } ?? 5
    }

    /// Whether a file's name says that its app is for something else than serving users.
    static func isDecoy(_ path: String) -> Bool {
        let words = TreePath.name(of: path).dropLast(3).lowercased().split { !$0.isLetter && !$0.isNumber }
        let telling: Set<Substring> = [
            "mock", "mocks", "mocked", "fake", "stub", "test", "tests", "conftest", "example", "demo", "sample",
            "dummy", "bench",
            "benchmark", "old", "backup", "legacy", "deprecated", "dev", "debug", "experimental", "playground", "copy",
            "draft",
        ]
        return words.contains { telling.contains($0) }
    }

    /// How far a path lies aside: 0 is the project proper, 1 is lowered, 2 holds tests, examples or documents.
    static func asideLevel(_ path: String, in root: String = "") -> Int {
        let inner = root.isEmpty ? Substring(path) : path.dropFirst(path.hasPrefix(root + "/") ? root.count + 1 : 0)
        var level = 0
        for part in inner.split(separator: "/").dropLast() {
            let name = part.lowercased()
            let words = name.split { !$0.isLetter && !$0.isNumber }
            if words.contains(where: { aside.contains(String($0)) }) { return 2 }
            if name.hasPrefix("tutorial") || name.hasPrefix("example") { return 2 }
            if words.contains(where: { lowered.contains(String($0)) }) || name.contains("client") { level = 1 }
        }
        return level
    }

    // MARK: - Private

    private static let aside = Vocabulary.testFolders.union(Vocabulary.exampleFolders).union([
        "fixtures", "testdata", "bench", "devcontainer", "snippets", "cookbook", "recipes", "exercises", "lessons",
    ])

    private static let lowered: Set<String> = [
        "contrib", "demo", "demos", "client", "clients", "mock", "mocks", "legacy", "archive", "old",
        "deprecated",
        "experiments", "experimental", "playground", "sandbox", "scratch", "backup",
    ]
}
