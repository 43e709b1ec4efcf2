extension ApplicationRules {
    static let blocking = Rule(
        "A10",
        .error,
        "The event loop is blocked",
        why:
            "A coroutine that waits without `await` stops the whole process: no other request, health check or websocket "
            + "is answered until it is done.",
        fix:
            "Make the handler a plain `def`, which runs in a thread, or use an asynchronous client, or `asyncio.to_thread`.",
        reference: "https://fastapi.tiangolo.com/async/",
        exceptions:
            "Code handed to `run_in_threadpool`, `to_thread` or an executor; what runs at start-up; plain generators "
            + "of a StreamingResponse. Hashing and file copies are warnings.",
        bad: [
            "clients.py": """
            import requests as http

            def load(url):
                return http.get(
                    url,
                    timeout=5,
                ).json()
            """,
            "main.py": """
            from fastapi import FastAPI
            from clients import load

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}

            @app.get("/rates")
            async def rates():
                return load("https://rates.example")
            """,
        ],
        good: [
            "clients.py": """
            import requests

            def load(url):
                return requests.get(url, timeout=5).json()
            """,
            "main.py": """
            import asyncio
            from fastapi import FastAPI
            from clients import load

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}

            @app.get("/rates")
            async def rates():
                # time.sleep(5)
                return await asyncio.to_thread(lambda: load("https://rates.example"))

            @app.get("/old")
            def old():
                return load("https://rates.example")
            """,
        ],
        at: ["clients.py:4"]
    ) { context in
        let code = context.code
        return context.requests.ordered.filter(\.isOnLoop).flatMap { visit -> [Finding] in
            guard !code.isDevelopmentOnly(visit.key.path, code.functions[visit.key]?.line ?? 1) else { return [] }
            var isBusy = false
            return code.calls(in: visit.key).compactMap { call in
                guard !call.inLambda, !call.isAwaited,
                    let severity = BlockingCalls.severity(of: call, at: visit.key, code)
                else {
                    return nil
                }
                // Of what is only slow, the first in a function tells enough.
                if severity == .warning {
                    guard !isBusy else { return nil }
                    isBusy = true
                }
                let place = Place(visit.key.path, call.line)
                let way =
                    visit.depth == 0
                    ? "runs on the event loop for \(visit.origin)" : "is called on the event loop by \(visit.origin)"
                return Finding(
                    "A10",
                    severity,
                    at: place,
                    found: code.found(place),
                    "\(call.function) blocks, and \(way)",
                    fix: BlockingCalls.remedy(call.function)
                )
            }
        }
    }

    static let timeouts = Rule(
        "A30",
        .warning,
        "An outgoing call may wait for ever",
        why:
            "`requests` waits without a limit, aiohttp five minutes and OpenAI's client ten: when the other side hangs, "
            + "so do all workers. A client made for each request opens a new TLS connection each time.",
        fix: "Pass a timeout; make one client in the lifespan and share it.",
        reference: "https://requests.readthedocs.io/en/latest/user/quickstart/#timeouts",
        exceptions: "httpx, which has a limit of five seconds of its own, unless it is turned off; scripts and tests.",
        bad: [
            "rates.py": """
            import requests

            def load():
                return requests.get(
                    "https://rates.example",
                    headers={"timeout": "5"},
                )
            """
        ],
        good: [
            "rates.py": """
            import requests
            import httpx

            def load():
                return requests.get("https://rates.example", timeout=5)

            def other():
                return httpx.get("https://rates.example")
            """
        ],
        at: ["rates.py:4"]
    ) { context in
        let code = context.code
        let unlimited = code.modules.flatMap { module in
            module.calls.compactMap { call -> Finding? in
                guard
                    let message = OutgoingCalls.unlimited(
                        call,
                        at: CodeMap.Key(path: module.path, name: call.scope),
                        code
                    )
                else {
                    return nil
                }
                let place = Place(module.path, call.line)
                return Finding("A30", .warning, at: place, found: code.found(place), message, fix: "timeout=10")
            }
        }
        let perRequest = context.requests.ordered.filter { $0.route != nil }.flatMap { visit in
            code.calls(in: visit.key).compactMap { call -> Finding? in
                guard OutgoingCalls.clients.contains(call.function), !call.inLambda else { return nil }
                // One finding a line: the missing limit says enough.
                let key = CodeMap.Key(path: visit.key.path, name: call.scope)
                guard OutgoingCalls.unlimited(call, at: key, code) == nil else { return nil }
                let place = Place(visit.key.path, call.line)
                // What is meant for one call alone can't be shared without a thought.
                let isOwn = ["event_hooks", "transport", "auth", "cookies", "mounts"].contains { call[$0] != nil }
                return Finding(
                    "A30",
                    isOwn ? .info : .warning,
                    at: place,
                    found: code.found(place),
                    "\(call.function) is made anew for each \(visit.origin), with new connections",
                    fix: "make it once in the lifespan"
                )
            }
        }
        return unlimited + perRequest
    }
}

/// Calls that keep a thread until they are done.
enum BlockingCalls {
    static func severity(of call: PythonCall, at key: CodeMap.Key, _ code: CodeMap) -> Severity? {
        let name = call.function
        if waiting.contains(name) { return .error }
        if name == "time.sleep" {
            // A breath of a few milliseconds is on purpose.
            if case .float(let seconds) = call.arguments.first, seconds < 0.02 { return nil }
            return .error
        }
        if busy.contains(name) { return .warning }
        guard let dot = name.lastIndex(of: ".") else { return nil }
        let owner = String(name[..<dot])
        let type = typeName(owner, at: key, code) ?? owner
        if let methods = clients[type] { return methods.contains(call.method) ? .error : nil }
        if let methods = hashers[type] { return methods.contains(call.method) ? .warning : nil }
        return nil
    }

    static func remedy(_ function: String) -> String {
        switch function {
        case "time.sleep": "await asyncio.sleep(…)"
        case _ where function.hasPrefix("subprocess.") || function.hasPrefix("os."):
            "await asyncio.create_subprocess_exec(…)"
        case _ where function.hasPrefix("requests.") || function.hasPrefix("urllib"): "await httpx.AsyncClient().get(…)"
        default: "await asyncio.to_thread(…), or a plain def handler"
        }
    }

    // MARK: - Private

    private static let verbs: Set<String> = [
        "get", "post", "put", "delete", "patch", "head", "options", "request", "send", "stream",
    ]

    private static let waiting: Set<String> = {
        var names = Set(["requests", "httpx", "requests.api"].flatMap { owner in verbs.map { "\(owner).\($0)" } })
        names.formUnion([
            "urllib.request.urlopen", "urllib.request.urlretrieve", "subprocess.run", "subprocess.call",
            "subprocess.check_call",
            "subprocess.check_output", "subprocess.getoutput", "os.system", "smtplib.SMTP", "smtplib.SMTP_SSL",
            "ftplib.FTP", "socket.create_connection", "wget.download",
        ])
        return names
    }()

    private static let busy: Set<String> = [
        "bcrypt.hashpw", "bcrypt.checkpw", "shutil.copyfileobj", "shutil.copytree", "shutil.rmtree",
        "shutil.make_archive",
        "shutil.unpack_archive", "shutil.copy", "shutil.copyfile", "shutil.copy2", "shutil.move",
        "pandas.read_csv", "pandas.read_excel", "pandas.read_sql", "pandas.read_parquet",
    ]

    private static let clients: [String: Set<String>] = [
        "requests.Session()": verbs, "requests.sessions.Session()": verbs, "requests.Session": verbs,
        "httpx.Client()": verbs,
        "httpx.Client": verbs, "urllib3.PoolManager()": ["request", "urlopen"],
    ]

    private static let hashers: [String: Set<String>] = [
        "passlib.context.CryptContext()": ["hash", "verify", "encrypt"],
        "argon2.PasswordHasher()": ["hash", "verify"],
    ]

    /// What makes the object that a name stands for, in the file or where it is imported from.
    private static func typeName(_ name: String, at key: CodeMap.Key, _ code: CodeMap) -> String? {
        if let own = code.typeName(of: name, at: key) { return own }
        guard name.contains("."), let (module, rest) = code.definition(of: name, path: key.path) else { return nil }
        return code.typeName(of: rest, at: CodeMap.Key(path: module.path, name: ""))
    }
}

/// Calls that go out to other services.
enum OutgoingCalls {
    /// Clients that are meant to be kept.
    static let clients: Set<String> = [
        "httpx.AsyncClient", "httpx.Client", "aiohttp.ClientSession", "openai.AsyncOpenAI", "openai.OpenAI",
        "requests.Session",
    ]

    /// Why a call has no limit in time, or too long a one; nil when it has one or is none of those that are known.
    static func unlimited(_ call: PythonCall, at key: CodeMap.Key, _ code: CodeMap) -> String? {
        let name = call.function
        guard call["**"] == nil else { return nil }
        if name.hasPrefix("requests."), requestVerbs.contains(call.method), name == "requests.\(call.method)" {
            guard call["timeout"] == nil || call["timeout"] == PythonValue.none else { return nil }
            return "\(name) has no timeout and waits as long as the other side likes"
        }
        if name == "aiohttp.ClientSession" || name == "aiohttp.request" {
            guard call["timeout"] == nil, !limitsEachCall(at: key, code) else { return nil }
            return "\(name) gives up after five minutes unless it is told a timeout"
        }
        if ["openai.AsyncOpenAI", "openai.OpenAI", "openai.AsyncAzureOpenAI", "openai.AzureOpenAI"].contains(name) {
            guard call["timeout"] == nil, call["http_client"] == nil else { return nil }
            return "\(name) waits for ten minutes and tries again twice unless it is told a timeout"
        }
        if name.hasPrefix("httpx."), call["timeout"] == PythonValue.none {
            return "\(name) is told to wait for ever: timeout=None"
        }
        return nil
    }

    // MARK: - Private

    private static let requestVerbs: Set<String> = [
        "get", "post", "put", "delete", "patch", "head", "options", "request",
    ]

    /// The function passes a timeout to what it does with its session.
    private static func limitsEachCall(at key: CodeMap.Key, _ code: CodeMap) -> Bool {
        code.calls(in: key).contains {
            $0["timeout"] != nil || $0.method.lowercased().contains("timeout") || $0.method == "wait_for"
        }
    }
}
