import Model
import Testing

@testable import Scaffold

@Suite("Rules of the application: what looks like it and what is it")
struct RuleATests {
    /// An app with a health route and a body for the rest of its file.
    static func app(_ body: String, imports: String = "") -> [String: String] {
        [
            "main.py": """
            from fastapi import FastAPI, Depends, Request
            \(imports)
            app = FastAPI(openapi_url=None)

            @app.get("/healthz")
            def healthz():
                return {}

            \(body)
            """
        ]
    }

    @Test(
        "debug mode is followed to where it is set",
        arguments: [
            ("app = FastAPI(debug=True)", ["E main.py:4"], "written out"),
            ("DEBUG = True\napp = FastAPI(debug=DEBUG)", ["E main.py:4"], "through a name"),
            ("app = FastAPI(debug=os.getenv('DEBUG', '1'))", ["E main.py:4"], "a default that is true"),
            ("app = FastAPI(debug=os.getenv('DEBUG') == '1')", [], "a comparison"),
            ("app = FastAPI()\napp.debug = True", ["E main.py:5"], "set later"),
            ("if os.getenv('ENV') == 'dev':\n    app = FastAPI(debug=True)", [], "in development alone"),
            ("app = FastAPI()\nnote = 'FastAPI(debug=True)'  # debug=True", [], "only in text"),
        ]
    )
    func debug(code: String, found: [String], why: String) async throws {
        let text = "import os\nfrom fastapi import FastAPI\n\n\(code)\n"
        #expect(try await RuleSample.short("A01", ["main.py": text]) == found, "\(why)")
    }

    @Test(
        "CORS is understood in all ways of setting it up",
        arguments: [
            ("app.add_middleware(CORSMiddleware, allow_origins=['*'], allow_credentials=True)", "E"),
            ("app.add_middleware(CORSMiddleware, allow_origin_regex='.*', allow_credentials=True)", "E"),
            ("app = CORSMiddleware(app, allow_credentials=True, allow_origins=['*'])", "E"),
            ("wrapped = [Middleware(CORSMiddleware, allow_origins=['*'], allow_credentials=True)]", "E"),
            ("app.add_middleware(CORSMiddleware, allow_origins=['*'])", "W"),
            (
                "class S(BaseSettings):\n    origins: list = ['*']\ns = S()\n"
                    + "app.add_middleware(CORSMiddleware, allow_origins=s.origins, allow_credentials=True)", "W"
            ),
            ("app.add_middleware(CORSMiddleware, allow_origins=['https://a.example'], allow_credentials=True)", ""),
            ("app.add_middleware(CORSMiddleware, allow_origin_regex=r'https://.*\\.a\\.example')", ""),
        ]
    )
    func crossOrigin(code: String, severity: String) async throws {
        let imports = """
            from fastapi.middleware import Middleware
            from fastapi.middleware.cors import CORSMiddleware
            from pydantic_settings import BaseSettings
            """
        let found = try await RuleSample.findings("A03", Self.app(code, imports: imports))
        #expect(found.map(\.severity.rawValue).joined() == severity)
    }

    @Test(
        "tuples with a status are told from other tuples",
        arguments: [
            ("@app.get('/a')\ndef a():\n    return {}, 503", 1), ("@app.get('/a')\ndef a():\n    return {}, 42", 0),
            ("@app.get('/a')\ndef a():\n    return {}, status.HTTP_404_NOT_FOUND", 1),
            ("@app.get('/a', response_model=tuple[dict, int])\ndef a():\n    return {}, 503", 0),
            ("@app.get('/a')\ndef a():\n    def b():\n        return 1, 404\n    return b()[0]", 0),
            ("app.add_api_route('/a', a)\ndef a():\n    return {}, 503", 1),
        ]
    )
    func tuples(code: String, count: Int) async throws {
        let found = try await RuleSample.findings("A05", Self.app(code, imports: "from fastapi import status"))
        #expect(found.count == count)
    }

    @Test(
        "a health check has to fail where its question fails",
        arguments: [
            ("    except Exception:\n        return {'status': 'bad'}", 1),
            ("    except Exception:\n        raise HTTPException(503)", 0),
            ("    except Exception:\n        return JSONResponse({}, status_code=503)", 0),
            ("    except Exception:\n        return JSONResponse({}, status_code=200)", 1),
            ("    except Exception:\n        response.status_code = 503", 0),
        ]
    )
    func swallowed(clause: String, count: Int) async throws {
        let body = """
            @app.get('/health')
            async def health(response: Response):
                try:
                    await db.execute('SELECT 1')
            \(clause)
                return {}
            """
        let imports =
            "from fastapi import HTTPException, Response\nfrom fastapi.responses import JSONResponse\nfrom store import db"
        let found = try await RuleSample.findings("A09", Self.app(body, imports: imports))
        #expect(found.count == count)
    }

    @Test(
        "what blocks is found where it runs on the loop",
        arguments: [
            ("async def a():\n    time.sleep(1)", "E", "in the handler"),
            ("def a():\n    time.sleep(1)", "", "a thread"),
            ("async def a():\n    await asyncio.to_thread(time.sleep, 1)", "", "handed over"),
            ("async def a():\n    await run(lambda: time.sleep(1))", "", "in a lambda that is handed over"),
            (
                "async def a():\n    def inner():\n        time.sleep(1)\n    await asyncio.to_thread(inner)", "",
                "inner function"
            ),
            ("async def a():\n    def inner():\n        time.sleep(1)\n    inner()", "E", "inner function, called"),
            (
                "async def a():\n    return Stream(steps())\ndef steps():\n    time.sleep(1)\n    yield 1", "",
                "a generator"
            ),
            ("async def a():\n    one()\ndef one():\n    two()\ndef two():\n    time.sleep(1)", "E", "two calls deep"),
            ("async def a(x=Depends(check)):\n    pass\ndef check():\n    time.sleep(1)", "", "dependency in a thread"),
            (
                "async def a(x=Depends(check)):\n    pass\nasync def check():\n    time.sleep(1)", "E",
                "dependency on the loop"
            ),
            ("async def a():\n    with httpx.Client() as c:\n        c.get('/')", "E", "a client by its variable"),
            (
                "async def a():\n    async with httpx.AsyncClient() as c:\n        await c.get('/')", "",
                "the other client"
            ),
            (
                "async def a():\n    Store().load()\nclass Store:\n    def load(self):\n        subprocess.run([])",
                "E", "a method"
            ),
        ]
    )
    func blocking(code: String, severity: String, why: String) async throws {
        let body = "@app.get('/a')\n" + code
        let found = try await RuleSample.findings(
            "A10",
            Self.app(body, imports: "import asyncio, subprocess, time, httpx")
        )
        #expect(found.map(\.severity.rawValue).joined() == severity, "\(why)")
    }

    @Test(
        "routes for insiders need somebody who asks who comes",
        arguments: [
            ("@app.get('/debug/vars')\ndef d():\n    return 1", "E"),
            ("@app.get('/debug/vars', dependencies=[Depends(require_admin)])\ndef d():\n    return 1", ""),
            ("@app.get('/debug/vars')\ndef d(user=Depends(get_current_user)):\n    return 1", ""),
            ("@app.get('/debug/vars')\ndef d(db=Depends(get_db)):\n    return 1", "E"),
            (
                "@app.get('/debug/vars')\ndef d():\n    if not settings.debug:\n        raise HTTPException(404)\n    return 1",
                ""
            ),
            (
                "router = APIRouter(prefix='/debug')\n@router.get('/x')\ndef d():\n    return 1\napp.include_router(router)",
                "E"
            ),
            (
                "router = APIRouter(dependencies=[Depends(verify_token)])\n@router.get('/debug')\ndef d():\n    return 1\n"
                    + "app.include_router(router)", ""
            ),
            ("@app.get('/x')\ndef d():\n    return {'env': dict(os.environ)}", "E"),
            ("@app.get('/metrics')\ndef d():\n    return 1", "W"),
        ]
    )
    func exposure(code: String, severity: String) async throws {
        let found = try await RuleSample.findings(
            "A16",
            Self.app(code, imports: "import os\nfrom fastapi import APIRouter")
        )
        #expect(found.map(\.severity.rawValue).joined() == severity)
    }

    @Test(
        "tokens",
        arguments: [
            ("jwt.decode(token, key)", "E"), ("jwt.decode(token, key, ['HS256'])", ""),
            ("jwt.decode(token, key, algorithms=ALGORITHMS)", ""),
            ("jwt.decode(token, key, algorithms=['none', 'HS256'])", "E"),
            ("jwt.decode(token, options={'verify_signature': False}, algorithms=['HS256'])", "E"),
            ("jwt.encode({'sub': 1}, key)", "E"), ("jwt.encode({'sub': 1, 'exp': end}, key)", ""),
            ("jwt.encode(claims, key)", ""), ("jwt.encode({**claims, 'sub': 1}, key)", ""),
        ]
    )
    func tokens(call: String, severity: String) async throws {
        let text = "import jwt\n\ndef work(token, key, claims, end, ALGORITHMS):\n    return \(call)\n"
        let found = try await RuleSample.findings("A21", ["tokens.py": text])
        #expect(found.map(\.severity.rawValue).joined() == severity)
    }

    @Test(
        "variables that are text",
        arguments: [
            ("X = bool(os.getenv('DEBUG'))", 1), ("X = bool(os.environ.get('USE_TLS', 'False'))", 1),
            ("X = os.getenv('DEBUG', False)", 1), ("if os.getenv('DEBUG'):\n    pass", 1),
            ("if not os.getenv('TESTING') and X:\n    pass", 1), ("if os.getenv('DEBUG') == 'true':\n    pass", 0),
            ("if os.getenv('SENTRY_DSN'):\n    pass", 0), ("X = os.getenv('DEBUG', 'no').lower() == 'yes'", 0),
            ("X = os.getenv('DEBUG') or 'x'", 0), ("X = bool(os.getenv('PROXY'))", 0),
        ]
    )
    func truth(code: String, count: Int) async throws {
        #expect(try await RuleSample.findings("A24", ["config.py": "import os\n\n\(code)\n"]).count == count)
    }

    @Test(
        "calls that go out",
        arguments: [
            ("requests.get(url)", 1), ("requests.get(url, timeout=None)", 1), ("requests.get(url, **options)", 0),
            ("http.post(url, timeout=3)", 0), ("AsyncOpenAI(api_key=key)", 1), ("AsyncOpenAI(timeout=20)", 0),
            ("httpx.get(url)", 0), ("httpx.get(url, timeout=None)", 1), ("requests.Session()", 0),
        ]
    )
    func timeouts(call: String, count: Int) async throws {
        let text =
            "import requests\nimport requests as http\nimport httpx\nfrom openai import AsyncOpenAI\n\ndef work(url, key, options):\n    \(call)\n"
        #expect(try await RuleSample.findings("A30", ["calls.py": text]).count == count)
    }
}
