import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Generated migrate.py")
struct GenerateMigrateTests {
    private static let drivers: [(Facts.Database.Engine, String, String)] = [
        (.postgresql, "asyncpg", "asyncpg"), (.postgresql, "psycopg", "psycopg"),
        (.postgresql, "psycopg2", "psycopg2-binary"),
        (.mysql, "pymysql", "pymysql"), (.mysql, "aiomysql", "aiomysql"), (.mysql, "asyncmy", "asyncmy"),
        (.mysql, "mysqlclient", "mysqlclient"), (.mysql, "mysqlconnector", "mysql-connector-python"),
    ]

    @Test("takes a lock with the project's own driver", arguments: drivers)
    func locks(engine: Facts.Database.Engine, driver: String, package: String) throws {
        let text = try #require(MigrateScript.make(Self.facts(engine, driver, package), stamp: "x")?.text)
        #expect(text.contains(engine == .mysql ? "GET_LOCK('roost-migrate-" : "pg_advisory_lock("))
        #expect(text.hasPrefix("# x\n\"\"\""))
    }

    @Test("compiles for each driver and hostile words", .enabled(if: Command.find("python3") != nil, "no python3"))
    func compiles() async throws {
        for (engine, driver, package) in Self.drivers {
            for text in ["plain"] + HostileFacts.texts {
                var facts = Self.facts(engine, driver, package)
                facts.name = text
                facts.migrations?.command = ["alembic", text]
                facts.migrations?.workingDirectory = text
                let script = try #require(MigrateScript.make(facts, stamp: text)?.text)
                let check =
                    "import ast, sys; t = ast.parse(sys.stdin.read()); print(ast.literal_eval([n.value for n in t.body if isinstance(n, ast.Assign)][0])[1], end='')"
                let outcome = try await Command("python3", ["-I", "-c", check], input: script).run()
                #expect(outcome.code == 0 && outcome.output == text, "\(outcome.error)\(script)")
            }
        }
    }

    @Test("is not made when there is nothing to lock, or nothing to lock with")
    func none() {
        func make(_ change: (inout Facts) -> Void) -> Artefact? {
            var facts = GoldenFacts.make()
            change(&facts)
            return MigrateScript.make(facts, stamp: "x")
        }
        #expect(make { _ in } != nil)
        #expect(make { $0.migrations = nil } == nil)
        #expect(make { $0.database = nil } == nil)
        #expect(make { $0.database?.engine = .sqlite } == nil)
        #expect(make { $0.database?.driver = "pg8000" } == nil)
        #expect(make { $0.database?.variable = nil } == nil)
        #expect(make { $0.database?.variable = "A=B" } == nil)
        #expect(make { $0.dependencies = [.init("psycopg2")] } == nil)
        #expect(make { $0.migrations = .init(.inApp, command: []) } == nil)
        #expect(make { $0.migrations?.runBy = [.init(.lifespan, Place("a.py"))] } == nil)
    }

    @Test("gives addresses that the driver takes", .enabled(if: Command.find("python3") != nil, "no python3"))
    func addresses() async throws {
        let script = try #require(MigrateScript.make(GoldenFacts.make(), stamp: "x")?.text)
        let check = """
            import sys, types
            sys.modules["asyncpg"] = types.ModuleType("asyncpg")
            scope = {"__file__": "/app/migrate.py", "__name__": "x"}
            exec(sys.stdin.read(), scope)
            for url in ["postgresql+asyncpg://u:p%40@h:5/db?ssl=require&prepared_statement_cache_size=0", "postgres://h/db"]:
                print(scope["plain"](url))
            """
        let output = try await Command("python3", ["-I", "-c", check], input: script).checked()
        #expect(output == "postgresql://u:p%40@h:5/db?sslmode=require\npostgresql://h/db\n")
    }

    private static func facts(_ engine: Facts.Database.Engine, _ driver: String, _ package: String) -> Facts {
        var facts = GoldenFacts.make()
        facts.database?.engine = engine
        facts.database?.driver = driver
        facts.dependencies = [.init(package)]
        return facts
    }
}

@Suite("Generated .env.example")
struct GenerateEnvironmentTests {
    @Test("has names, and values of what is no secret")
    func text() {
        var facts = Facts()
        var level = Facts.Variable("LEVEL", isRequired: false, isSecret: false)
        level.defaultValue = "in fo"
        var key = Facts.Variable("KEY", isRequired: true, isSecret: true)
        key.defaultValue = "leaked"
        key.place = Place("app/settings.py", 7)
        facts.environment = [level, key, Facts.Variable("A=B\nC", isRequired: true, isSecret: false)]
        let text = EnvironmentExample.make(facts, stamp: "x")?.text
        #expect(
            text == """
                # x
                # Copy this to .env for work on your own machine; .env itself is for nobody else's eyes.

                # required, secret, app/settings.py:7
                KEY=

                # optional
                # LEVEL='in fo'

                """
        )
        facts.existing.environmentExample = ".env.example"
        #expect(EnvironmentExample.make(facts, stamp: "x") == nil)
    }
}
