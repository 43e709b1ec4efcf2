import Model
import Testing
import Toolkit

@testable import Scaffold

/// A project in memory, read as a scan would read it.
enum BehaviourFixture {
    /// The context of files, with the commands that they hold and an entry point.
    static func context(
        _ files: [String: String],
        entry: String? = "app.main:app",
        kind: Facts.Entry.Kind = .app,
        importRoot: String = "",
        root: String = "",
        framework: Facts.Framework? = .fastapi,
        depends: [String] = []
    ) async throws -> ScanContext {
        let project = Project(files: files)
        var documents: [String: [ConfigNode]] = [:]
        for (path, text) in files {
            if path.hasSuffix(".toml") {
                documents[path] = [try TOML.parse(text, file: path)]
            } else if path.hasSuffix(".yml") || path.hasSuffix(".yaml") || path.hasSuffix(".json") {
                documents[path] = try? YAML.documents(text, file: path)
            }
        }
        let dockerfiles = project.files.filter { $0.contains("Dockerfile") }.map { path in
            Dockerfile.parse(files[path] ?? "", path: path)
        }
        var context = ScanContext(
            project: project,
            program: PythonProgram(try await PythonSources.read(project)),
            dockerfiles: dockerfiles,
            documents: documents
        )
        context.root = root
        context.facts.root = root
        context.facts.framework = framework
        context.facts.dependencies = depends.map { Facts.Dependency($0) }
        context.facts.entry = entry.map { Facts.Entry(kind: kind, target: $0, importRoot: importRoot) }
        context.commands = FoundCommands.collect(context)
        return context
    }

    /// Method and path of each route that is reached, in their order.
    static func routes(_ files: [String: String], entry: String = "app.main:app") async throws -> [String] {
        let table = AppRoutes(try await context(files, entry: entry))
        return table.routes.filter(\.isReached).map { "\($0.methods.joined(separator: ",")) \($0.path)" }
    }
}

@Suite("Routes")
struct RouteTableTests {
    @Test("prefixes add up along the includes, through imports, packages and aliases")
    func prefixes() async throws {
        let files = [
            "app/main.py": """
            import fastapi as f
            from app.api import router as everything
            from .settings import settings
            application = f.FastAPI(root_path="/behind")
            application.include_router(everything, prefix=settings.PREFIX)
            app = application
            """,
            "app/settings.py": """
            from pydantic_settings import BaseSettings
            class Base(BaseSettings):
                VERSION: str = "v1"
                PREFIX: str = f"/api/{VERSION}"
            class Settings(Base):
                debug: bool = False
            def get_settings() -> Settings:
                return Settings()
            settings = get_settings()
            """,
            "app/api/__init__.py": """
            from fastapi import APIRouter
            from . import users, items as things
            router = APIRouter()
            router.include_router(users.router, prefix="/users")
            router.include_router(router=things.router)
            """,
            "app/api/users.py": """
            from fastapi import APIRouter
            router = APIRouter()
            @router.get("")
            def all(): ...
            @router.get("/{id}/")
            async def one(id: int): ...
            """,
            "app/api/items.py": """
            from fastapi import APIRouter
            PREFIX = "/things"
            router = APIRouter(prefix=PREFIX)
            @router.api_route("/", methods=["GET", "POST"])
            async def things(): ...
            """,
        ]
        let table = AppRoutes(try await BehaviourFixture.context(files))
        #expect(
            table.routes.map { "\($0.methods.joined(separator: ",")) \($0.path)" } == [
                "GET,POST /api/v1/things/", "GET /api/v1/users", "GET /api/v1/users/{id}/",
            ]
        )
        #expect(table.routes.allSatisfy { $0.isReached && $0.isExact })
        #expect(table.routes.map(\.isAsync) == [true, false, true])
        #expect(table.rootPath == "/behind")
        #expect(table.routes[1].place == Place("app/api/users.py", 3))
    }

    @Test(
        "an app is found wherever it is made",
        arguments: [
            ("a factory", "def make():\n    app = FastAPI()\n    setup(app)\n    return app\napp = make()"),
            ("a wrapper of foreign code", "inner = FastAPI()\nsetup(inner)\napp = SentryAsgiMiddleware(inner)"),
            (
                "an object's attribute",
                "class S:\n    def __init__(self):\n        self.app = self._make()\n"
                    + "    def _make(self):\n        app = FastAPI()\n        setup(app)\n        return app\napp = S().app"
            ),
            ("a class of its own", "class Api(FastAPI):\n    pass\napp = Api()\nsetup(app)"),
            ("start-up code", "async def lifespan(api):\n    setup(api)\n    yield\napp = FastAPI(lifespan=lifespan)"),
            ("a variable that is set twice", "app = FastAPI()\nsetup(app)\napp = GZip(app=app)"),
        ]
    )
    func findsApps(_ shape: (name: String, code: String)) async throws {
        let main = """
            from fastapi import FastAPI, APIRouter
            from sentry import SentryAsgiMiddleware, GZip
            router = APIRouter(prefix="/r")
            @router.get("/x")
            def x(): ...
            def setup(api):
                api.include_router(router, prefix="/p")

            """
        let found = try await BehaviourFixture.routes(["app/main.py": main + shape.code])
        #expect(found == ["GET /p/r/x"], "\(shape.name)")
    }

    @Test("routers in lists, dictionaries and pairs are included one after the other")
    func loops() async throws {
        let main = """
            from fastapi import FastAPI, APIRouter
            from app import a, b
            app = FastAPI()
            for module in (a, b):
                app.include_router(module.router, prefix="/m")
            for router, where in [(a.router, "/one"), (b.router, "/two")]:
                app.include_router(router, prefix=where)
            TABLE = {"/three": a.router}
            for where, router in TABLE.items():
                app.include_router(router, prefix=where)
            """
        let router = "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get(\"/%\")\ndef f(): ...\n"
        let files = [
            "app/main.py": main, "app/__init__.py": "", "app/a.py": router.replacing("%", with: "a"),
            "app/b.py": router.replacing("%", with: "b"),
        ]
        let found = try await BehaviourFixture.routes(files)
        #expect(found == ["GET /m/a", "GET /m/b", "GET /one/a", "GET /three/a", "GET /two/b"])
    }

    @Test("routes without decorators, sub-apps, websockets and mounts")
    func others() async throws {
        let main = """
            from fastapi import FastAPI
            from fastapi.staticfiles import StaticFiles
            from starlette.routing import Route, Mount, WebSocketRoute
            async def up(request): ...
            async def talk(websocket): ...
            inner = FastAPI(root_path="/api", docs_url="/help")
            inner.add_api_route("/up", up, methods=["HEAD"])
            @inner.websocket("/ws")
            async def ws(websocket): ...
            app = FastAPI(routes=[Route("/s", endpoint=up), Mount("/m", routes=[WebSocketRoute("/t", talk)])])
            app.mount("/api", inner)
            app.mount("/files", StaticFiles(directory="files"), name="files")
            app.add_api_websocket_route("/w", talk)
            """
        let table = AppRoutes(try await BehaviourFixture.context(["app/main.py": main]))
        #expect(table.routes.map { "\($0.methods) \($0.path)" } == ["[\"HEAD\"] /api/up", "[] /s"])
        #expect(table.websockets.map(\.path) == ["/api/ws", "/m/t", "/w"])
        #expect(table.mounts.map(\.path) == ["/files"])
        #expect(table.documentation == ["/docs", "/redoc", "/openapi.json"])
    }

    @Test("dependencies of app, router, include, route, class and parameters, also behind aliases")
    func dependencies() async throws {
        let main = """
            from typing import Annotated
            from fastapi import APIRouter, Depends, FastAPI, Security
            from fastapi_utils.cbv import cbv
            from app.auth import user, Guard, allow_all, Permission
            from app.types import CurrentUser
            ADMIN = Depends(Guard("admin"))
            app = FastAPI(dependencies=[Depends(user)])
            router = APIRouter(dependencies=[ADMIN])
            @cbv(router)
            class Views:
                session: str = Depends(lambda: 1)
                owner: str = Depends(user)
                @router.get("/a", dependencies=[Security(Permission([allow_all]))])
                def a(self, x: CurrentUser, y: Annotated[str, Depends(make)], z: Guard = Depends()): ...
            app.include_router(router, dependencies=[Depends(late)])
            """
        let files = [
            "app/main.py": main,
            "app/auth.py": "def user(): ...\nclass Guard: ...\nclass Permission: ...\nclass allow_all: ...\n",
            "app/types.py": "from typing import Annotated\nfrom fastapi import Depends\nfrom app.auth import user\n"
                + "CurrentUser = Annotated[str, Depends(user)]\n",
        ]
        let table = AppRoutes(try await BehaviourFixture.context(files))
        let route = try #require(table.routes.first)
        #expect(
            route.dependencies.map(\.name) == [
                "app.auth.user", "late", "app.auth.Guard", "app.auth.Permission", "app.auth.user", "make",
                "app.auth.Guard",
            ]
                || Set(route.dependencies.map(\.name)) == [
                    "app.auth.user", "late", "app.auth.Guard", "app.auth.Permission", "make",
                ]
        )
        #expect(route.dependencies.first { $0.name == "app.auth.Permission" }?.isOpen == true)
        #expect(route.handler == "Views.a")
    }

    @Test("Flask: blueprints, whose prefix the registration may replace, and resources")
    func flask() async throws {
        let main = """
            from flask import Flask, Blueprint
            from flask_restful import Api, Resource
            from flask_login import login_required
            def create_app():
                app = Flask(__name__)
                app.register_blueprint(one)
                app.register_blueprint(two, url_prefix="/new")
                api.init_app(app)
                return app
            one = Blueprint("one", __name__, url_prefix="/one")
            two = Blueprint("two", __name__, url_prefix="/old")
            api = Api(prefix="/rest")
            class Users(Resource):
                def get(self): ...
            api.add_resource(Users, "/users")
            @one.route("/a", methods=["POST"])
            @login_required
            def a(): ...
            @two.get("/b")
            def b(): ...
            """
        let table = AppRoutes(
            try await BehaviourFixture.context(
                ["app/main.py": main],
                entry: "app.main:create_app",
                kind: .factory,
                framework: .flask
            )
        )
        #expect(
            table.routes.map { "\($0.methods) \($0.path)" } == [
                "[\"GET\"] /new/b", "[\"POST\"] /one/a", "[\"GET\"] /rest/users",
            ]
        )
        #expect(table.routes[1].decorators == ["flask_login.login_required"])
    }

    @Test("Django: urlpatterns with includes, and libraries that answer themselves")
    func django() async throws {
        let files = [
            "manage.py": "import django\n",
            "shop/settings.py": "ROOT_URLCONF = \"shop.urls\"\n",
            "shop/urls.py": """
            from django.urls import path, include, re_path
            from shop import views
            urlpatterns = [
                path("api/", include("cart.urls")),
                path("ht/", include("health_check.urls")),
                re_path(r"^ready/$", views.ready),
            ]
            """,
            "shop/views.py": "def ready(request): ...\n",
            "cart/urls.py": "from django.urls import path\nfrom cart.views import Cart\n"
                + "urlpatterns = [path(\"cart/<int:id>/\", Cart.as_view())]\n",
            "cart/views.py":
                "from rest_framework.views import APIView\nclass Cart(APIView):\n    def get(self, request, id): ...\n",
        ]
        let context = try await BehaviourFixture.context(files, entry: "shop.wsgi:application", framework: .django)
        let table = AppRoutes(context)
        #expect(table.routes.map(\.path) == ["/api/cart/<int:id>/", "/ht/", "/ready/"])
        #expect(table.routes[0].handler == "Cart.get")
        #expect(!table.routes[0].isPlain)
    }

    @Test("Litestar: handlers, controllers and routers in lists")
    func litestar() async throws {
        let main = """
            from litestar import Litestar, Router, Controller, get, post
            @get("/health")
            async def health() -> str: ...
            class Users(Controller):
                path = "/users"
                @post()
                async def add(self) -> None: ...
            app = Litestar(route_handlers=[health, Router("/api", route_handlers=[Users])])
            """
        let found = try await BehaviourFixture.routes(["app/main.py": main])
        #expect(found == ["POST /api/users", "GET /health"])
    }

    @Test("what cannot be told is marked: an unknown prefix, a router that nobody includes")
    func marks() async throws {
        let main = """
            from fastapi import APIRouter, FastAPI
            app = FastAPI()
            known = APIRouter()
            lost = APIRouter(prefix="/lost")
            @known.get("/a")
            def a(): ...
            @lost.get("/b")
            def b(): ...
            app.include_router(known, prefix=compute())
            """
        let table = AppRoutes(try await BehaviourFixture.context(["app/main.py": main]))
        #expect(table.routes.map(\.path) == ["/a", "/lost/b"])
        #expect(table.routes.map(\.isExact) == [false, true])
        #expect(table.routes.map(\.isReached) == [true, false])
    }

    @Test(
        "routers that include each other, and names that stand for themselves, come to an end",
        .timeLimit(.minutes(5))
    )
    func hostile() async throws {
        var main = "from fastapi import APIRouter, FastAPI\napp = FastAPI()\n"
        for index in 0..<40 { main += "r\(index) = APIRouter()\n" }
        for outer in 0..<40 {
            for inner in 0..<40 { main += "r\(outer).include_router(r\(inner))\n" }
        }
        main += "app.include_router(r0)\nx = y or y\ny = x or x\napp.include_router(x)\n"
        main += "def f(n):\n    return f(n) or f(n + 1) or f(n + 2)\napp.include_router(f(1))\n"
        main += (0..<20).map { "l = l + l + [l]  # \($0)\n" }.joined() + "for z in l:\n    app.include_router(z)\n"
        main += "class A(B): ...\nclass B(A): ...\na = A()\napp.include_router(a.b.c.router)\n"
        main += "@app.get(\"/{{ evil }}\\n\")\ndef evil(): ...\n"
        let table = AppRoutes(try await BehaviourFixture.context(["app/main.py": main]))
        #expect(table.routes.map(\.path) == ["/{{ evil }}\n"])
        #expect(table.routes.first?.isPlain == false)
    }
}
