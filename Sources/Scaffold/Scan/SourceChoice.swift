/// Which Python files are worth their time: all of a small project, those that say something of a large one.
struct SourceChoice: Sendable {
    /// Files that commands name, whatever they hold.
    let named: Set<String>
    /// More Python than is read without a choice.
    let isLarge: Bool

    /// Below this all files are read.
    private static let smallBytes = 1 << 20

    init(_ project: Project, commands: [FoundCommand]) {
        var named: Set<String> = []
        for command in commands {
            for word in command.words.prefix(30) {
                for part in word.split(whereSeparator: { ":=,".contains($0) }) where part.count < 200 {
                    let plain = part.hasSuffix(".py") ? part.dropLast(3) : part
                    if let last = plain.split(whereSeparator: { $0 == "." || $0 == "/" }).last {
                        named.insert(last + ".py")
                    }
                }
            }
        }
        self.named = named
        var bytes = 0
        // Revisions of a database are many, and none of them is read.
        for path in project.files
        where path.hasSuffix(".py") && !path.contains("/versions/") && bytes <= Self.smallBytes {
            bytes += project.text(path)?.utf8.count ?? 0
        }
        isLarge = bytes > Self.smallBytes
    }

    /// Files of the app's folder, and of what it may import from beside and above it.
    func isNear(_ path: String, _ root: String) -> Bool {
        guard isLarge else { return true }
        let top = root.prefix { $0 != "/" }
        return path.hasPrefix(top + "/") || !path.contains("/") || TreePath.lies(path, in: root)
    }

    func wants(_ path: String, _ text: String) -> Bool {
        guard !path.contains("{{"), !text.isEmpty else { return false }
        let parts = path.split(separator: "/")
        guard let name = parts.last else { return false }
        if name.hasPrefix("test_") || name.hasSuffix("_test.py") || name == "conftest.py" { return false }
        let folders = parts.dropLast()
        if folders.contains("versions") && Self.revision.finds(in: text) { return false }
        // The project itself may lie in a folder of that name, so only what lies deeper is left out.
        if folders.dropFirst(isLarge ? 0 : 1).contains(where: { $0 == "tests" || $0 == "test" }) { return false }
        guard isLarge else { return true }
        if Self.names.contains(String(name)) || named.contains(String(name)) { return true }
        return Self.words.finds(in: text)
    }

    // MARK: - Private

    private static let names: Set<String> = [
        "__init__.py", "__main__.py", "main.py", "app.py", "asgi.py", "wsgi.py", "server.py", "api.py", "run.py",
        "manage.py",
        "settings.py", "config.py", "application.py", "cli.py", "env.py", "database.py", "db.py",
    ]

    private static let revision = WordFilter(["down_revision"])

    private static let words = WordFilter([
        "astapi", "FastAPI", "tarlette", "uvicorn", "gunicorn", "hypercorn", "granian", "itestar", "lask", "jango",
        "uart",
        "sgi", "streamlit", "environ", "getenv", "BaseSettings", "elery", "arq", "ramatiq", "from rq", "askiq", "huey",
        "cheduler", "create_engine", "create_async_engine", "qlmodel", "SQLModel", "ortoise", "AsyncIOMotor",
        "MongoClient",
        "asyncpg", "psycopg", "aiomysql", "sqlite", "edis", "router", "outer(", "ebsocket", "WebSocket", "StaticFiles",
        "Jinja2", "UploadFile", "StreamingResponse", "create_task", "://", "decouple", "dynaconf", "alembic",
        "create_all",
        "boto3", "CORSMiddleware",
        // What writes files.
        "open(", "makedirs", "mkdir", "FileHandler", "write_bytes", "write_text", "loguru", "aiofiles", "to_csv",
    ])
}

/// Finds any of some words in text in one pass over its bytes.
struct WordFilter: Sendable {
    /// By the first two bytes, the place of the words that begin so, from 1; 0 is none.
    private var table = [UInt8](repeating: 0, count: 1 << 16)
    private var groups: [[[UInt8]]] = []

    /// Words of at least two bytes, with at most 255 different beginnings.
    init(_ words: [String]) {
        for word in words {
            let bytes = Array(word.utf8)
            let place = Int(bytes[0]) << 8 | Int(bytes[1])
            if table[place] == 0 {
                groups.append([])
                table[place] = UInt8(groups.count)
            }
            groups[Int(table[place]) - 1].append(bytes)
        }
    }

    func finds(in text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            table.withUnsafeBufferPointer { table in
                guard var last = bytes.first else { return false }
                for index in 1..<max(bytes.count, 1) {
                    let group = table[Int(last) << 8 | Int(bytes[index])]
                    last = bytes[index]
                    guard group > 0 else { continue }
                    let rest = bytes[(index - 1)...]
                    if groups[Int(group) - 1].contains(where: { rest.starts(with: $0) }) { return true }
                }
                return false
            }
        }
    }
}
