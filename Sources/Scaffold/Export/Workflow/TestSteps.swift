import Model

/// What the test job needs and does, by the project's manager.
struct TestSteps {
    private let plan: ExportPlan

    init(_ plan: ExportPlan) {
        self.plan = plan
    }

    /// uv installs the interpreter and the tools whatever the project's own manager is.
    var usesUV: Bool { plan.isPython }

    var steps: [Tree] {
        guard plan.isPython else { return recipeSteps }
        var steps = install.map(Self.run)
        guard !steps.isEmpty else { return [] }
        if let release = plan.release, hasDatabase {
            var step: Tree = ["run": .string(prefix + Quoting.shell(release.command))]
            if !release.projectDirectory.isEmpty {
                let folder = plan.layout.outer(plan.layout.ofProject(release.projectDirectory))
                step = step.with("working-directory", .string(folder))
            }
            steps.append(step)
        }
        // It ends with 5 when there are no tests.
        if hasTests { steps.append(Self.run("\(prefix)pytest || [ $? -eq 5 ]")) }
        steps.append(Self.run(audit))
        return steps
    }

    /// Unless the dependencies are known and it is not among them.
    var hasTests: Bool {
        let names = plan.facts.dependencies.map(\.name)
        return names.isEmpty || names.contains("pytest")
    }

    // MARK: - The database

    private var hasDatabase: Bool { !database.isEmpty }

    private var hasRedis: Bool { plan.facts.services.contains { $0.kind == .redis } }

    /// The containers beside the job.
    var services: Tree {
        let redis: Tree = [
            "image": "redis:8-alpine",
            "ports": ["6379:6379"],
            "options": "--health-cmd 'redis-cli ping' --health-interval 5s --health-retries 10",
        ]
        return hasRedis ? database.with("redis", redis) : database
    }

    private var database: Tree {
        guard let database = plan.facts.database, database.pooler == nil else { return [:] }
        switch database.engine {
        case .postgresql:
            let major = database.majorVersion ?? 18
            return [
                "db": [
                    "image": .string("postgres:\(major)"),
                    "env": ["POSTGRES_USER": "app", "POSTGRES_PASSWORD": "app", "POSTGRES_DB": "app"],
                    "ports": ["5432:5432"],
                    "options": "--health-cmd pg_isready --health-interval 5s --health-retries 10",
                ]
            ]
        case .mysql:
            return [
                "db": [
                    "image": .string("mysql:\(database.majorVersion.map(String.init) ?? "8.4")"),
                    "env": [
                        "MYSQL_USER": "app", "MYSQL_PASSWORD": "app", "MYSQL_DATABASE": "app",
                        "MYSQL_RANDOM_ROOT_PASSWORD": "yes",
                    ],
                    "ports": ["3306:3306"],
                    "options": "--health-cmd 'mysqladmin ping -h 127.0.0.1' --health-interval 5s --health-retries 20",
                ]
            ]
        case .mongodb:
            return ["db": ["image": .string("mongo:\(database.majorVersion ?? 8)"), "ports": ["27017:27017"]]]
        case .sqlite, .elasticsearch, .mssql, .oracle: return [:]
        }
    }

    /// Addresses of the database; other secrets get a value that is no secret.
    var environment: Tree {
        var values: Tree = [:]
        for variable in plan.variables {
            if variable.purpose == .database, let value = databaseValue(variable.name) {
                values = values.with(variable.name, .string(value))
            } else if variable.purpose == .service(.redis) {
                values = values.with(variable.name, "redis://127.0.0.1:6379/0")
            } else if variable.isRequired {
                values = values.with(variable.name, .string("test-\(plan.name)-of-the-workflow-alone"))
            }
        }
        return values
    }

    private func databaseValue(_ name: String) -> String? {
        guard hasDatabase, let database = plan.facts.database else { return nil }
        let port = database.engine == .mysql ? 3306 : database.engine == .mongodb ? 27017 : 5432
        switch DatabasePart(name) {
        case .host: return "127.0.0.1"
        case .port: return String(port)
        case .user, .password, .name: return "app"
        case nil: break
        }
        guard database.engine != .mongodb else { return "mongodb://127.0.0.1:\(port)/app" }
        return "\(database.scheme)://app:app@127.0.0.1:\(port)/app"
    }

    // MARK: - Managers

    /// Before each command of the project.
    private var prefix: String {
        switch plan.facts.manager?.name {
        case .uv: "uv run --no-sync "
        case .poetry, .pdm, .pipenv: "\(tool) run "
        case .hatch, .conda, .pip, nil: ""
        }
    }

    /// The project's manager, in the version that its image gets.
    private var tool: String {
        let name = plan.facts.manager?.name.rawValue ?? ""
        let minor = BaseImage(plan.facts.python?.chosen).minor
        return "uvx \(ToolVersions.pinned(name, python: minor).replacing("==", with: "@"))"
    }

    private var install: [String] {
        let python = plan.facts.python.map { "--python \(Quoting.shell($0.chosen)) " } ?? ""
        let lock = plan.facts.manager?.lock.map { LaunchFolder.relative($0, to: plan.facts.root) }
        switch plan.facts.manager?.name {
        case .uv: return ["uv sync --locked"]
        case .poetry: return ["\(tool) sync --no-interaction"]
        case .pdm: return ["\(tool) sync"]
        case .pipenv: return ["\(tool) sync --dev"]
        case .pip, .hatch:
            let what = lock.map { "-r \(Quoting.shell($0))" } ?? "."
            let path = "echo \"$PWD/.venv/bin\" >> \"$GITHUB_PATH\""
            return ["uv venv \(python).venv", "uv pip install \(what)\(hasTests ? " pytest" : "")", path]
        case .conda, nil: return []
        }
    }

    /// Of what the image gets, and not of the audit's own packages.
    private var audit: String {
        let check = "uvx pip-audit@2.9.0 --disable-pip --no-deps -r"
        switch plan.facts.manager?.name {
        case .uv: return "uv export --locked --no-dev --no-emit-project -o audited.txt && \(check) audited.txt"
        default: return "uv pip freeze --exclude-editable > audited.txt && \(check) audited.txt"
        }
    }

    private var recipeSteps: [Tree] {
        switch plan.facts.recipe?.packageManager {
        case "npm":
            [
                Self.run("npm ci"), Self.run("npm test --if-present"),
                Self.run("npm audit --omit=dev --audit-level=high"),
            ]
        case "pnpm": ["corepack enable", "pnpm install --frozen-lockfile", "pnpm run --if-present test"].map(Self.run)
        case "yarn": ["corepack enable", "yarn install --immutable", "yarn run test"].map(Self.run)
        default: plan.facts.recipe?.language == "go" ? ["go vet ./...", "go test ./..."].map(Self.run) : []
        }
    }

    private static func run(_ line: String) -> Tree { ["run": .string(line)] }
}
