import Toolkit

extension ApplicationRules {
    static let logging = Rule(
        "A18",
        .warning,
        "Log lines get lost or come out plain",
        why:
            "Without a level, INFO is dropped; a formatter that leaves `exc_info` out drops tracebacks; and uvicorn's own "
            + "loggers keep their plain format unless the configuration names them.",
        fix: "One `dictConfig` with root, uvicorn, uvicorn.error and uvicorn.access, given to `uvicorn --log-config`.",
        reference: "https://docs.python.org/3/howto/logging.html#advanced-logging-tutorial",
        exceptions: "loguru, structlog and the like, which configure themselves; apps that log nothing.",
        bad: [
            "log.py": """
            import json
            import logging

            class JSONFormatter(logging.Formatter):
                def format(self, record):
                    return json.dumps({"message": record.getMessage(), "level": record.levelname})

            logging.basicConfig(level="INFO")
            logging.getLogger("uvicorn.access").handlers = logging.root.handlers
            """
        ],
        good: [
            "log.py": """
            import json
            import logging

            class JSONFormatter(logging.Formatter):
                def format(self, record):
                    line = {"message": record.getMessage()}
                    if record.exc_info:
                        line["traceback"] = self.formatException(record.exc_info)
                    return json.dumps(line)

            logging.basicConfig(level="INFO")
            logging.getLogger("uvicorn.access").handlers = logging.root.handlers
            """
        ],
        at: ["log.py:4"]
    ) { context in
        let code = context.code
        var findings: [Finding] = []
        func add(_ place: Place, _ message: String, _ fix: String) {
            findings.append(Finding("A18", .warning, at: place, found: code.found(place), message, fix: fix))
        }
        for module in code.modules {
            for item in module.imports where item.target.hasPrefix("pythonjsonlogger.jsonlogger") {
                add(
                    Place(module.path, item.line),
                    "pythonjsonlogger.jsonlogger has moved and warns",
                    "pythonjsonlogger.json"
                )
            }
            for type in module.classes where dropsTraceback(type, module, code) {
                add(
                    Place(module.path, type.line),
                    "\(type.name) leaves exc_info out, so no traceback is ever logged",
                    "self.formatException"
                )
            }
        }
        if let place = LogSetup(context).missing {
            add(
                place,
                "the code logs, and nothing sets logging up: INFO and DEBUG are dropped",
                "logging.config.dictConfig at the start"
            )
        }
        if let place = LogSetup(context).plainUvicorn {
            add(
                place,
                "logs are JSON here, but uvicorn's own lines stay plain text",
                "name uvicorn, uvicorn.error, uvicorn.access"
            )
        }
        return findings
    }

    static let prints = Rule(
        "A19",
        .info,
        "print in the path of requests",
        why: "A printed line has no level, no time and no request id, and can't be turned off.",
        fix: "`logger = logging.getLogger(__name__)` and `logger.info(…)`.",
        reference: "https://docs.python.org/3/howto/logging.html#when-to-use-logging",
        exceptions: "Programs for the command line.",
        bad: [
            "main.py": """
            from fastapi import FastAPI

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            async def health():
                print("checked")
                return {}
            """
        ],
        good: [
            "main.py": """
            from fastapi import FastAPI

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            async def health():
                # print("checked")
                return {"print(": 1}

            if __name__ == "__main__":
                print("starting")
            """
        ],
        at: ["main.py:7"]
    ) { context in
        let code = context.code
        var places: [String: [Int]] = [:]
        for visit in context.requests.ordered {
            let lines = code.calls(in: visit.key).filter { $0.function == "print" && $0["file"] == nil }.map(\.line)
            if !lines.isEmpty { places[visit.key.path, default: []] += lines }
        }
        return places.sorted { $0.key < $1.key }.compactMap { path, lines in
            guard let first = lines.min() else { return nil }
            let place = Place(path, first)
            let more = Set(lines).count
            return Finding(
                "A19",
                .info,
                at: place,
                found: code.found(place),
                more == 1
                    ? "print while a request is answered"
                    : "print while a request is answered, \(more) times in this file",
                fix: "logger.info(…)"
            )
        }
    }

    static let tracking = Rule(
        "A29",
        .info,
        "Errors are reported nowhere",
        why: "Without a tracking or tracing library an exception is a line in a log that somebody has to look for.",
        fix: "Sentry, OpenTelemetry, or what your platform reads.",
        reference: "https://opentelemetry.io/docs/languages/python/",
        exceptions: "Agents that are started around the app, such as `ddtrace-run`.",
        bad: [
            "main.py": """
            from fastapi import FastAPI

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}
            """
        ],
        good: [
            "main.py": """
            import sentry_sdk
            from fastapi import FastAPI

            sentry_sdk.init()
            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}
            """
        ],
        at: ["main.py:3"]
    ) { context in
        guard let app = context.apps.first else { return [] }
        let packages: Set<Substring> = [
            "sentry_sdk", "opentelemetry", "ddtrace", "newrelic", "elasticapm", "rollbar", "bugsnag", "logfire",
            "honeybadger",
            "scout_apm", "appsignal", "raygun4py", "airbrake", "aws_xray_sdk", "langfuse", "instana", "glitchtip",
        ]
        guard context.code.imported.isDisjoint(with: packages.map(String.init)) else { return [] }
        let agents = [
            "sentry-sdk", "ddtrace", "newrelic", "elastic-apm", "logfire", "scout-apm", "azure-monitor-opentelemetry",
        ]
        guard
            !context.facts.dependencies.contains(where: {
                agents.contains($0.name) || $0.name.hasPrefix("opentelemetry-")
            })
        else {
            return []
        }
        let place = app.place
        return [
            Finding(
                "A29",
                .info,
                at: place,
                found: context.code.found(place),
                "no library reports errors or traces",
                fix: "sentry_sdk.init(), or opentelemetry-instrumentation-fastapi"
            )
        ]
    }

    // MARK: - Private

    private static func dropsTraceback(_ type: PythonModule.Class, _ module: PythonModule, _ code: CodeMap) -> Bool {
        guard type.bases.contains("logging.Formatter") else { return false }
        let key = CodeMap.Key(path: module.path, name: "\(type.name).format")
        guard let format = code.functions[key] else { return false }
        let calls = module.calls.filter { $0.scope.hasPrefix(type.name) }
        let makesJSON = calls.contains { $0.method == "dumps" }
        let asksParent = calls.contains { $0.function == "super().format" || $0.function == "logging.Formatter.format" }
        guard makesJSON, !asksParent else { return false }
        let text = code.text.text(module.path, type.line...max(type.line, format.endLine))
        return !["exc_info", "formatException", "exc_text", "traceback"].contains { text.contains($0) }
    }
}

/// How an app sets its logging up.
struct LogSetup {
    /// Where the app first asks for a logger that nothing configures.
    private(set) var missing: Place?
    /// Where JSON is set up without uvicorn's loggers.
    private(set) var plainUvicorn: Place?

    init(_ context: AuditContext) {
        let code = context.code
        guard !context.apps.isEmpty else { return }
        let own: Set<String> = [
            "loguru", "structlog", "logfire", "picologging", "eliot", "coloredlogs", "asgi_logger", "logbook",
        ]
        guard code.imported.isDisjoint(with: own) else { return }
        let given = context.commands.contains {
            $0.words.contains { $0 == "--log-config" || $0.hasPrefix("--log-config=") }
        }
        let setups =
            code.calls(of: [
                "logging.basicConfig", "logging.config.dictConfig", "logging.config.fileConfig", "logging.dictConfig",
            ]) + code.calls(named: ["addHandler", "dictConfig"])
        if setups.isEmpty, !given {
            let loggers = code.web.flatMap { module in
                // Servers set their own loggers up.
                module.calls.filter { call in
                    let name = call.arguments.first?.text ?? ""
                    return call.function == "logging.getLogger"
                        && !Vocabulary.servers.contains(where: name.hasPrefix)
                }.map { Place(module.path, $0.line) }
            }
            let logs = code.web.contains { module in
                module.calls.contains {
                    ["info", "debug"].contains($0.method) && $0.function.lowercased().contains("log")
                }
            }
            if logs { missing = loggers.first }
        }
        let formatters = code.calls(named: ["JsonFormatter", "JSONFormatter", "JSONLogFormatter"])
        guard let json = formatters.first, !given else { return }
        let names = code.modules.contains { module in
            module.calls.contains { $0.arguments.contains { $0.text?.hasPrefix("uvicorn") == true } }
                || context.project.text(module.path).map { $0.contains("\"uvicorn") || $0.contains("'uvicorn") } == true
                    && module.calls.contains { ["dictConfig", "getLogger"].contains($0.method) }
        }
        if !names { plainUvicorn = json.place }
    }
}
