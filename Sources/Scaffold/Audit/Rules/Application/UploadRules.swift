import Model

extension ApplicationRules {
    static let wholeUploads = Rule(
        "A25",
        .warning,
        "An upload is read whole, of any size",
        why:
            "`await file.read()` puts the whole file into memory. Neither FastAPI nor uvicorn limits a body, so one large "
            + "upload can end the process.",
        fix: "Read in chunks and stop at a limit, or limit the body at the proxy.",
        reference: "https://fastapi.tiangolo.com/reference/uploadfile/",
        exceptions: "Handlers that look at `file.size` first, apps that check Content-Length, proxies with a limit.",
        bad: [
            "main.py": """
            from fastapi import FastAPI, UploadFile

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}

            @app.post("/pictures")
            async def add(picture: UploadFile):
                data = await picture.read()
                return len(data)
            """
        ],
        good: [
            "main.py": """
            from fastapi import FastAPI, HTTPException, UploadFile

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}

            @app.post("/pictures")
            async def add(picture: UploadFile):
                if picture.size is None or picture.size > 5_000_000:
                    raise HTTPException(413)
                return len(await picture.read())
            """
        ],
        at: ["main.py:11"]
    ) { context in
        guard !limitsBodies(context) else { return [] }
        let code = context.code
        return context.routes.compactMap { route in
            let uploads = Set(uploads(of: route, code))
            guard !uploads.isEmpty, let module = code.module(route.key.path) else { return nil }
            let asksSize = module.reads.contains { $0.scope == route.key.name && $0.name.hasSuffix(".size") }
            guard !asksSize else { return nil }
            let whole = code.calls(in: route.key).first { call in
                call.arguments.isEmpty && call.keywords.isEmpty && (call.method == "read" || call.method == "readlines")
                    && isOf(uploads, call.function)
            }
            guard let whole else { return nil }
            let place = Place(route.key.path, whole.line)
            return Finding(
                "A25",
                .warning,
                at: place,
                found: code.found(place),
                "\(route.path) takes the whole upload into memory, however large it is",
                fix: "read(65536) in a loop that stops at a limit"
            )
        }
    }

    static let ephemeral = Rule(
        "A26",
        .error,
        "Uploads are kept on a disk that is thrown away",
        why:
            "What the app writes beside its code is gone with the next deploy or restart, and other machines never see it.",
        fix: "A volume, or an object store.",
        reference: "https://fly.io/docs/volumes/overview/",
        exceptions:
            "Temporary files and caches; projects with a volume; targets whose disk is not described in the project.",
        bad: [
            "fly.toml": "app = \"shop\"\n\n[http_service]\ninternal_port = 8000\n",
            "main.py": """
            from fastapi import FastAPI, UploadFile

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}

            @app.post("/pictures")
            def add(picture: UploadFile):
                with open(f"uploads/{picture.filename}", "wb") as file:
                    while chunk := picture.file.read(65536):
                        file.write(chunk)
            """,
        ],
        good: [
            "fly.toml": """
            app = "shop"

            [http_service]
            internal_port = 8000

            [[mounts]]
            source = "pictures"
            destination = "/app/uploads"
            """,
            "main.py": """
            from fastapi import FastAPI, UploadFile

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}

            @app.post("/pictures")
            def add(picture: UploadFile):
                with open(f"uploads/{picture.filename}", "wb") as file:
                    while chunk := picture.file.read(65536):
                        file.write(chunk)
            """,
        ],
        at: ["main.py:11"]
    ) { context in
        guard let config = context.config, config.mounts.isEmpty else { return [] }
        let code = context.code
        let handlers = context.requests.ordered.filter { visit in
            visit.route.map { !uploads(of: $0, code).isEmpty } ?? false
        }
        return handlers.compactMap { visit in
            let written = code.calls(in: visit.key).lazy.compactMap { call -> (PythonCall, String)? in
                WrittenFiles.path(call, at: visit.key, code).map { (call, $0) }
            }.first
            guard let (call, path) = written else { return nil }
            let place = Place(visit.key.path, call.line)
            return Finding(
                "A26",
                .error,
                at: place,
                found: code.found(place),
                "\(visit.origin) writes uploads to \(path), and fly.toml mounts no volume: they are lost with the next deploy",
                fix: "[[mounts]] for that folder, or an object store"
            )
        }
    }

    // MARK: - Private

    /// Names of the parameters that are uploads.
    private static func uploads(of route: WebRoute, _ code: CodeMap) -> [String] {
        route.handler.parameters.filter { parameter in
            let type = code.type(of: parameter, path: route.key.path) ?? ""
            return type.hasSuffix("UploadFile") || parameter.annotation?.mentions("UploadFile") == true
        }.map(\.name)
    }

    /// Whether a call is one of `picture.read` and `picture.file.read`.
    private static func isOf(_ names: Set<String>, _ function: String) -> Bool {
        function.split(separator: ".").first.map { names.contains(String($0)) } ?? false
    }

    private static func limitsBodies(_ context: AuditContext) -> Bool {
        if ["client_max_body_size", "maxRequestBodyBytes", "request_body"].contains(where: context.proxyHas) {
            return true
        }
        return context.code.web.contains { module in
            module.classes.contains {
                ["sizelimit", "limitsize", "maxbody", "bodylimit", "contentsize", "uploadsize"].contains(
                    where: $0.name.lowercased().contains
                )
            }
                || module.calls.contains {
                    $0.method == "get" && $0.arguments.first?.text?.lowercased() == "content-length"
                }
                || module.reads.contains { $0.name.hasSuffix(".content_length") }
        }
    }
}

/// Where code writes files.
enum WrittenFiles {
    /// The file or folder that a call writes to, when it is in the app's own tree; nil when that can't be told.
    static func path(_ call: PythonCall, at: CodeMap.Key, _ code: CodeMap) -> String? {
        let target: PythonValue?
        switch call.function {
        case "open", "aiofiles.open", "io.open":
            guard let mode = call.argument(1, "mode")?.text,
                mode.contains("w") || mode.contains("a") || mode.contains("x")
            else {
                return nil
            }
            target = call.argument(0, "file")
        case "shutil.copyfile", "shutil.copy", "shutil.move": target = call.argument(1, "dst")
        default: return nil
        }
        guard let start = target.flatMap({ beginning(of: $0, at: at, code, depth: 5) }), isOwn(start) else {
            return nil
        }
        return start
    }

    // MARK: - Private

    /// The text that a path begins with, through joins, f-strings and names.
    private static func beginning(of value: PythonValue, at: CodeMap.Key, _ code: CodeMap, depth: Int) -> String? {
        guard depth > 0 else { return nil }
        switch value {
        case .string(let text): return text
        case .formatted(let text):
            guard text.hasPrefix("{") else { return text }
            let name = text.dropFirst().prefix { $0 != "}" && $0 != "!" && $0 != ":" }
            return beginning(of: .name(String(name)), at: at, code, depth: depth - 1)
        case .binary(let left, _, _): return beginning(of: left, at: at, code, depth: depth - 1)
        case .call(let call):
            guard ["os.path.join", "pathlib.Path", "str", "Path", "anyio.Path"].contains(call.function),
                let first = call.arguments.first
            else {
                return nil
            }
            return beginning(of: first, at: at, code, depth: depth - 1)
        case .name(let name):
            let source = code.followed(value, at: at, line: 1)
            guard source.value != .name(name) else { return nil }
            return beginning(of: source.value, at: source.at, code, depth: depth - 1)
        default: return nil
        }
    }

    /// A path beside the code, and not one for passing things.
    private static func isOwn(_ path: String) -> Bool {
        let lower = path.lowercased()
        guard !path.isEmpty, !path.hasPrefix("/") || path.hasPrefix("/app/") || path.hasPrefix("/code/") else {
            return false
        }
        return !["tmp", "temp", "cache", ".log", "logs/"].contains { lower.contains($0) }
    }
}
