import Model
import Toolkit

/// Packages that the app imports as it starts and that nothing brings which is installed.
package enum UnnamedImports {
    /// Adds a warning for each to ``Facts/warnings``; entry point and dependencies should be known.
    package static func detect(_ context: inout ScanContext) {
        let found = all(context)
        context.facts.warnings += found.prefix(8).map { item in
            Facts.Warning("it imports \(item.module), \(item.reason)", at: item.place)
        }
    }

    struct Item: Equatable {
        var module: String
        var reason: String
        var place: Place
    }

    /// By the names of their modules.
    static func all(_ context: ScanContext) -> [Item] {
        let facts = context.facts
        guard let manager = facts.manager, !facts.dependencies.isEmpty, facts.recipe == nil else { return [] }
        let list = TreePath.relative(manager.manifest ?? manager.lock ?? "", to: context.root)
        let locked = manager.name == .pip ? "" : manager.lock.flatMap { context.project.text($0) } ?? ""
        let names = Set(facts.dependencies.filter { isInstalled($0, manager) }.map(\.name))
        return imports(context).compactMap { module, place in
            guard let package = PythonDistributions.name(ofModule: module) else { return nil }
            let name = Requirement.normalised(String(package.prefix { $0 != "[" }))
            guard !isBrought(name, module, by: names), !isLocked(name, in: locked), !isInImage(name, context) else {
                return nil
            }
            // Of what a group for development has, everything is known.
            if let group = facts.dependencies.first(where: { $0.name == name })?.group {
                return Item(
                    module: module,
                    reason:
                        "which stands in the group \(group) alone, and that is not installed: unless another package "
                        + "brings it, move \(name) to the main requirements",
                    place: place
                )
            }
            guard alone.contains(name) else { return nil }
            return Item(
                module: module,
                reason: "which \(list.isEmpty ? "no list of requirements" : list) does not name, and ends there unless "
                    + "another package brings it: add \(package)",
                place: place
            )
        }
    }

    // MARK: - Private

    /// Top modules that are imported whatever happens: what is indented stands in a `try`, an `if` or a function.
    private static func imports(_ context: ScanContext) -> [(module: String, place: Place)] {
        let code = context.code
        var found: [String: Place] = [:]
        for module in code.modules.sorted(by: { $0.path < $1.path }) where code.imported.contains(module.path) {
            let lines = (context.project.text(module.path) ?? "").textLines
            for item in module.imports where item.level ?? 0 == 0 {
                let first = String(item.target.prefix { $0 != "." })
                guard found[first] == nil, lines.indices.contains(item.line - 1),
                    lines[item.line - 1].first?.isWhitespace == false, !StandardLibrary.has(first),
                    context.index.find(first, in: [TreePath.folder(of: module.path)] + code.roots) == nil,
                    !context.project.files.contains(where: { ("/" + $0).contains("/\(first)/") })
                else { continue }
                found[first] = Place(module.path, item.line)
            }
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func isInstalled(_ dependency: Facts.Dependency, _ manager: Facts.Manager) -> Bool {
        guard let group = dependency.group else { return true }
        return (manager.groups + manager.extras).contains(group)
    }

    /// Whether a package is named, or comes along with one that is.
    private static func isBrought(_ name: String, _ module: String, by names: Set<String>) -> Bool {
        // `psycopg2` and `psycopg2-binary`, `opencv-python` and `opencv-python-headless`.
        let plain = Requirement.normalised(module)
        if names.contains(where: { $0 == name || $0 == plain || $0.hasPrefix(plain + "-") || $0.hasPrefix(name + "-") })
        {
            return true
        }
        return companions[name].map { !$0.isDisjoint(with: names) } ?? false
    }

    /// Whether a Dockerfile installs it by itself: `RUN pip install authlib`.
    private static func isInImage(_ name: String, _ context: ScanContext) -> Bool {
        context.dockerfiles.contains { (context.project.text($0.path) ?? "").lowercased().contains(name) }
    }

    private static func isLocked(_ name: String, in text: String) -> Bool {
        guard !text.isEmpty else { return false }
        let text = text.lowercased()
        return [name, name.replacing("-", with: "_")].contains { one in
            text.contains("name = \"\(one)\"") || text.contains("\"\(one)\": {")
        }
    }

    /// Packages that hardly any other brings along: all else may come with one that is named.
    private static let alone: Set<String> = [
        "aioboto3", "aiogram", "aiokafka", "aiomysql", "aiosmtplib", "arq", "asgi-correlation-id", "asyncpg", "authlib",
        "bleach", "casbin", "celery", "cloudinary", "dependency-injector", "dishka", "dramatiq", "elasticsearch",
        "fastapi-cache2", "fastapi-filter", "fastapi-limiter", "fastapi-mail", "fastapi-pagination", "fastapi-users",
        "faststream", "firebase-admin", "geoalchemy2", "gunicorn", "humanize", "loguru", "minio", "mysqlclient",
        "phonenumbers", "pika", "prometheus-fastapi-instrumentator", "psycopg", "psycopg2-binary", "punq", "pyotp",
        "python-docx", "python-jose", "python-magic", "python-pptx", "python-slugify", "python-socketio",
        "python-telegram-bot", "qrcode", "reportlab", "sentry-sdk", "slowapi", "sqladmin", "sqlalchemy-utils",
        "sqlmodel",
        "stripe", "structlog", "supabase", "taskiq", "tortoise-orm", "twilio", "xlsxwriter",
    ]

    /// Those that do.
    private static let companions: [String: Set<String>] = [
        "asyncpg": ["databases", "gino", "tortoise-orm"],
        "aiomysql": ["databases", "tortoise-orm"],
        "casbin": ["casbin-sqlalchemy-adapter", "casbin-async-sqlalchemy-adapter", "fastapi-authz", "pycasbin"],
        "celery": ["celery-redbeat", "celery-sqlalchemy-scheduler", "django-celery-beat", "flower"],
        "fastapi-users": ["fastapi-users-db-beanie", "fastapi-users-db-sqlalchemy", "fastapi-users-db-tortoise"],
        "psycopg": ["procrastinate"], "psycopg2-binary": ["databases", "gino"],
        "sqlmodel": ["fastapi-amis-admin", "fastapi-amis-sqlalchemy"], "taskiq": ["taskiq-redis", "taskiq-aio-pika"],
    ]
}
