/// Offers routes for health checks: one that says that the process lives, one that asks the database.
enum HealthPatch {
    /// Nil when there are such routes, or when the app's code is not plain enough.
    static func make(_ facts: Facts, _ site: AppSite) -> CodePatch? {
        let needsLive = facts.health.live == nil
        let ping = facts.health.ready == nil ? ping(facts) : nil
        guard needsLive || ping != nil else { return nil }
        let taken = Set(
            site.module.functions.map(\.name) + site.module.assigns.map(\.target) + site.module.imports.map(\.name)
        )
        guard taken.isDisjoint(with: ["healthz", "readyz", "ping_database"]) else { return nil }
        var edit = PythonEdit(site.source)
        edit.addImports(
            (ping?.imports ?? []) + [
                "from starlette.requests import Request", "from starlette.responses import JSONResponse",
            ],
            known: site.module
        )
        var lines: [String] = []
        if needsLive { lines += live(site) }
        if let ping { lines += ping.lines + ready(site, ping) }
        // Before all other routes, so that none that takes every path comes first.
        edit.insert(spaced(lines, site), beforeLine: site.nextLine, indent: site.indent)
        let rules = (needsLive ? ["A06", "A07"] : []) + (ping == nil ? [] : ["A08"])
        return CodePatch.make("health routes", rules, path: site.path, edit)
    }

    // MARK: - Private

    /// With the blank lines that a module has between its parts, or a function.
    private static func spaced(_ lines: [String], _ site: AppSite) -> [String] {
        let gap = site.scope.isEmpty ? ["", ""] : [""]
        var result = gap
        for line in lines where !line.isEmpty || result.suffix(gap.count) != gap[...] { result.append(line) }
        let next = site.source.content(ofLine: site.nextLine)
        return result + (next.allSatisfy(\.isWhitespace) ? [] : gap)
    }

    private struct Ping {
        var imports: [String]
        var lines: [String]
        var isAsync: Bool
    }

    /// Plain routes of Starlette: what the app asks of its own routes, such as a login, does not hold for them.
    private static func live(_ site: AppSite) -> [String] {
        [
            "async def healthz(request: Request) -> JSONResponse:",
            #"    """Says that the process lives, and asks nothing else.""""#,
            #"    return JSONResponse({"status": "ok"})"#,
            "", "", #"\#(site.name).add_route("/healthz", healthz, include_in_schema=False)"#,
        ]
    }

    private static func ready(_ site: AppSite, _ ping: Ping) -> [String] {
        let call = ping.isAsync ? "await asyncio.wait_for(ping_database(), timeout=2)" : "ping_database()"
        return [
            "", "", "\(ping.isAsync ? "async " : "")def readyz(request: Request) -> JSONResponse:",
            #"    """Asks the database over a connection of its own: a full pool is no outage.""""#,
            "    try:", "        \(call)", "    except Exception:",
            #"        return JSONResponse({"status": "unavailable"}, status_code=503)"#,
            #"    return JSONResponse({"status": "ok"})"#, "", "",
            #"\#(site.name).add_route("/readyz", readyz, include_in_schema=False)"#,
        ]
    }

    private static func ping(_ facts: Facts) -> Ping? {
        guard let database = facts.database, let variable = database.variable, Quoting.isVariableName(variable) else {
            return nil
        }
        let url = "os.environ[\(Quoting.python(variable))]"
        switch (database.engine, database.driver) {
        case (.postgresql, "asyncpg"): return asyncpg(url)
        case (.postgresql, "psycopg"):
            return Ping(
                imports: ["import asyncio", "import os", "import psycopg"],
                lines: [
                    "", "", "async def ping_database() -> None:", #"    url = \#(url).replace("+psycopg", "", 1)"#,
                    "    async with await psycopg.AsyncConnection.connect(url, connect_timeout=2) as connection:",
                    #"        await connection.execute("SELECT 1")"#,
                ],
                isAsync: true
            )
        case (.postgresql, "psycopg2"):
            return Ping(
                imports: ["import os", "import psycopg2"],
                lines: [
                    "", "", "def ping_database() -> None:", #"    url = \#(url).replace("+psycopg2", "", 1)"#,
                    "    connection = psycopg2.connect(url, connect_timeout=2)", "    try:",
                    #"        connection.cursor().execute("SELECT 1")"#, "    finally:", "        connection.close()",
                ],
                isAsync: false
            )
        case (.mongodb, _):
            return Ping(
                imports: ["import os", "from pymongo import MongoClient"],
                lines: [
                    "", "", "def ping_database() -> None:",
                    "    with MongoClient(\(url), serverSelectionTimeoutMS=2000) as client:",
                    #"        client.admin.command("ping")"#,
                ],
                isAsync: false
            )
        case (.mysql, "pymysql"), (.mysql, "aiomysql"): return pymysql(url)
        default: return nil
        }
    }

    private static func asyncpg(_ url: String) -> Ping {
        Ping(
            imports: ["import asyncio", "import os", "import asyncpg"],
            lines: [
                "", "", "async def ping_database() -> None:",
                #"    url = \#(url).replace("+asyncpg", "", 1).replace("?ssl=", "?sslmode=", 1)"#,
                "    connection = await asyncpg.connect(url, timeout=2)", "    try:",
                #"        await connection.execute("SELECT 1")"#, "    finally:", "        await connection.close()",
            ],
            isAsync: true
        )
    }

    private static func pymysql(_ url: String) -> Ping {
        Ping(
            imports: [
                "import os", "from urllib.parse import unquote", "from urllib.parse import urlsplit", "import pymysql",
            ],
            lines: [
                "", "", "def ping_database() -> None:", "    url = urlsplit(\(url))",
                "    connection = pymysql.connect(",
                "        host=url.hostname,", "        port=url.port or 3306,",
                #"        user=unquote(url.username or ""),"#,
                #"        password=unquote(url.password or ""),"#, "        connect_timeout=2,",
                "        read_timeout=2,",
                "    )", "    try:", "        connection.ping()", "    finally:", "        connection.close()",
            ],
            isAsync: false
        )
    }
}
