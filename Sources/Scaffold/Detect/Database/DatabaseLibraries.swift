/// What Python's libraries tell about databases.
enum DatabaseLibraries {
    typealias Engine = Facts.Database.Engine

    /// A library that talks to one engine.
    struct Driver: Sendable {
        var engine: Engine
        /// As ``Facts/Database/driver`` names it.
        var name: String
        /// Calls that open a connection, a pool or a client, by their last part.
        var openers: Set<String>
        var isAsync: Bool?
    }

    /// By the first part of what is imported.
    static let drivers: [String: Driver] = [
        "asyncpg": Driver(engine: .postgresql, name: "asyncpg", openers: ["connect", "create_pool"], isAsync: true),
        "psycopg": Driver(engine: .postgresql, name: "psycopg", openers: ["connect", "AsyncConnection"]),
        "psycopg_pool": Driver(
            engine: .postgresql,
            name: "psycopg",
            openers: ["ConnectionPool", "AsyncConnectionPool", "NullConnectionPool", "AsyncNullConnectionPool"]
        ),
        "psycopg2": Driver(
            engine: .postgresql,
            name: "psycopg2",
            openers: ["connect", "SimpleConnectionPool", "ThreadedConnectionPool"],
            isAsync: false
        ),
        "aiopg": Driver(
            engine: .postgresql,
            name: "aiopg",
            openers: ["connect", "create_pool", "create_engine"],
            isAsync: true
        ),
        "pg8000": Driver(engine: .postgresql, name: "pg8000", openers: ["connect"], isAsync: false),
        "aiomysql": Driver(engine: .mysql, name: "aiomysql", openers: ["connect", "create_pool"], isAsync: true),
        "asyncmy": Driver(engine: .mysql, name: "asyncmy", openers: ["connect", "create_pool"], isAsync: true),
        "pymysql": Driver(engine: .mysql, name: "pymysql", openers: ["connect", "Connection"], isAsync: false),
        "MySQLdb": Driver(engine: .mysql, name: "mysqlclient", openers: ["connect"], isAsync: false),
        "mysql": Driver(
            engine: .mysql,
            name: "mysql-connector-python",
            openers: ["connect", "MySQLConnectionPool"],
            isAsync: false
        ),
        "aiosqlite": Driver(engine: .sqlite, name: "aiosqlite", openers: ["connect"], isAsync: true),
        "sqlite3": Driver(engine: .sqlite, name: "pysqlite", openers: ["connect"], isAsync: false),
        "motor": Driver(engine: .mongodb, name: "motor", openers: ["AsyncIOMotorClient"], isAsync: true),
        "pymongo": Driver(engine: .mongodb, name: "pymongo", openers: ["MongoClient", "AsyncMongoClient"]),
        "elasticsearch": Driver(
            engine: .elasticsearch,
            name: "elasticsearch",
            openers: ["Elasticsearch", "AsyncElasticsearch"]
        ),
        "elasticsearch_dsl": Driver(engine: .elasticsearch, name: "elasticsearch", openers: ["create_connection"]),
        "opensearchpy": Driver(
            engine: .elasticsearch,
            name: "opensearch-py",
            openers: ["OpenSearch", "AsyncOpenSearch"]
        ),
        "pyodbc": Driver(engine: .mssql, name: "pyodbc", openers: ["connect"], isAsync: false),
        "aioodbc": Driver(engine: .mssql, name: "aioodbc", openers: ["connect", "create_pool"], isAsync: true),
        "pymssql": Driver(engine: .mssql, name: "pymssql", openers: ["connect"], isAsync: false),
        "oracledb": Driver(engine: .oracle, name: "oracledb", openers: ["connect", "create_pool", "connect_async"]),
        "cx_Oracle": Driver(engine: .oracle, name: "cx-oracle", openers: ["connect", "SessionPool"], isAsync: false),
    ]

    /// A mapper that is made for one engine, or for several.
    struct Mapper: Sendable {
        var name: String
        /// Nil for any that speaks SQL.
        var engine: Engine?
        /// The driver it takes for an engine when the address does not say.
        var drivers: [Engine: String]
    }

    /// By the first part of what is imported; the order is that of ``mapperOrder``.
    static let mappers: [String: Mapper] = [
        "sqlmodel": Mapper(name: "sqlmodel", engine: nil, drivers: plain),
        "tortoise": Mapper(
            name: "tortoise",
            engine: nil,
            drivers: [.postgresql: "asyncpg", .mysql: "asyncmy", .sqlite: "aiosqlite"]
        ),
        "ormar": Mapper(name: "ormar", engine: nil, drivers: awaiting),
        "edgy": Mapper(name: "edgy", engine: nil, drivers: awaiting),
        "gino": Mapper(name: "gino", engine: .postgresql, drivers: [.postgresql: "asyncpg"]),
        "piccolo": Mapper(name: "piccolo", engine: nil, drivers: [.postgresql: "asyncpg", .sqlite: "aiosqlite"]),
        "beanie": Mapper(name: "beanie", engine: .mongodb, drivers: [.mongodb: "motor"]),
        "odmantic": Mapper(name: "odmantic", engine: .mongodb, drivers: [.mongodb: "motor"]),
        "mongoengine": Mapper(name: "mongoengine", engine: .mongodb, drivers: [.mongodb: "pymongo"]),
        "peewee": Mapper(
            name: "peewee",
            engine: nil,
            drivers: [.postgresql: "psycopg2", .mysql: "pymysql", .sqlite: "pysqlite"]
        ),
        "playhouse": Mapper(name: "peewee", engine: nil, drivers: plain),
        "pony": Mapper(name: "pony", engine: nil, drivers: plain),
        "prisma": Mapper(name: "prisma", engine: nil, drivers: [:]),
        "django": Mapper(name: "django", engine: nil, drivers: plain),
        "flask_sqlalchemy": Mapper(name: "sqlalchemy", engine: nil, drivers: plain),
        "fastapi_sqlalchemy": Mapper(name: "sqlalchemy", engine: nil, drivers: plain),
        "advanced_alchemy": Mapper(name: "sqlalchemy", engine: nil, drivers: plain),
        "sqlalchemy": Mapper(name: "sqlalchemy", engine: nil, drivers: plain),
        "databases": Mapper(name: "databases", engine: nil, drivers: awaiting),
        "dataset": Mapper(name: "dataset", engine: nil, drivers: plain),
    ]

    /// Which of several mappers is the one that models are written with.
    static let mapperOrder = [
        "sqlmodel", "tortoise", "ormar", "edgy", "gino", "piccolo", "beanie", "odmantic", "mongoengine", "peewee",
        "pony",
        "prisma", "django", "sqlalchemy", "databases", "dataset",
    ]

    /// Distributions whose names differ from what is imported.
    private static let distributions: [String: String] = [
        "psycopg2": "psycopg2", "psycopg2-binary": "psycopg2", "psycopg-binary": "psycopg", "psycopg-pool": "psycopg",
        "psycopg-c": "psycopg", "mysqlclient": "mysqlclient", "mysql-connector-python": "mysql-connector-python",
        "mysql-connector": "mysql-connector-python", "elasticsearch-dsl": "elasticsearch", "cx-oracle": "cx-oracle",
        "opensearch-py": "opensearch-py",
    ]

    /// Extras that bring a driver: `sqlalchemy[postgresql-asyncpg]`, `databases[postgresql]`.
    private static let extras: [String: [(Engine, String)]] = [
        "postgresql-asyncpg": [(.postgresql, "asyncpg")], "postgresql-psycopg": [(.postgresql, "psycopg")],
        "postgresql-psycopgbinary": [(.postgresql, "psycopg")],
        "postgresql-psycopg2binary": [(.postgresql, "psycopg2")],
        "asyncpg": [(.postgresql, "asyncpg")], "psycopg": [(.postgresql, "psycopg")],
        "aiomysql": [(.mysql, "aiomysql")],
        "asyncmy": [(.mysql, "asyncmy")], "aiosqlite": [(.sqlite, "aiosqlite")], "pymysql": [(.mysql, "pymysql")],
        "mysql-connector": [(.mysql, "mysql-connector-python")], "mssql-pyodbc": [(.mssql, "pyodbc")],
    ]

    /// Engines and drivers that a dependency brings.
    static func brought(by dependency: Facts.Dependency) -> [(engine: Engine, driver: String)] {
        var result: [(Engine, String)] = []
        let name = distributions[dependency.name] ?? dependency.name
        if let driver = drivers.values.first(where: { $0.name == name }) { result.append((driver.engine, driver.name)) }
        let hosts: Set<String> = [
            "sqlalchemy", "databases", "tortoise-orm", "ormar", "piccolo", "edgy", "sqlmodel", "aerich",
        ]
        guard hosts.contains(dependency.name) else { return result }
        for extra in dependency.extras {
            if let known = extras[extra] {
                result += known
            } else if extra == "postgresql" || extra == "postgres" {
                result.append((.postgresql, dependency.name == "sqlalchemy" ? "psycopg2" : "asyncpg"))
            } else if extra == "mysql" {
                result.append((.mysql, dependency.name == "sqlalchemy" ? "mysqlclient" : "aiomysql"))
            } else if extra == "sqlite" {
                result.append((.sqlite, "aiosqlite"))
            }
        }
        return result
    }

    /// Nil for drivers that do both.
    static func isAsync(_ driver: String) -> Bool? {
        if driver == "mysql-connector-python" || driver == "mysqlclient" { return false }
        return drivers.values.first { $0.name == driver }?.isAsync
    }

    // MARK: - Private

    private static let plain: [Engine: String] = [
        .postgresql: "psycopg2", .mysql: "mysqlclient", .sqlite: "pysqlite", .mssql: "pyodbc", .oracle: "oracledb",
    ]
    private static let awaiting: [Engine: String] = [.postgresql: "asyncpg", .mysql: "aiomysql", .sqlite: "aiosqlite"]
}
