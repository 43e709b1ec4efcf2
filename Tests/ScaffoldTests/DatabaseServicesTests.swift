import Testing

@testable import Scaffold

@Suite("Addresses, images and services of databases")
struct DatabaseServicesTests {
    typealias Engine = Facts.Database.Engine

    static let urls: [(String, Engine?, String?)] = [
        ("postgresql+asyncpg://{u}:{p}@h/x", .postgresql, "asyncpg"), ("postgres://h", .postgresql, nil),
        ("asyncpg://h/x", .postgresql, "asyncpg"), ("postgresql+psycopg_async://h", .postgresql, "psycopg"),
        ("mysql+mysqldb://h", .mysql, "mysqlclient"), ("mongodb+srv://h", .mongodb, nil),
        ("postgresql+{driver}://h", .postgresql, nil),
        ("https://postgres.org", nil, nil), ("use postgresql://host/name here", nil, nil), ("redis://h", nil, nil),
        ("://", nil, nil),
    ]

    @Test("addresses", arguments: urls)
    func address(_ text: String, _ engine: Engine?, _ driver: String?) {
        #expect(DatabaseURL(text)?.engine == engine)
        #expect(DatabaseURL(text)?.driver == driver)
    }

    static let images: [(String, Engine?, Int?)] = [
        ("postgres:16-alpine", .postgresql, 16), ("postgis/postgis:16-3.4", .postgresql, 16),
        ("library/mysql:8.0.30", .mysql, 8),
        ("timescale/timescaledb:2.14-pg15", .postgresql, 15), ("mongo", .mongodb, nil), ("mongo-express:1", nil, nil),
        ("dpage/pgadmin4", nil, nil), ("edoburu/pgbouncer:1", nil, nil),
        ("prometheuscommunity/postgres-exporter", nil, nil),
        ("r.example:5000/postgres:17@sha256:00", .postgresql, 17),
    ]

    @Test("images of databases", arguments: images)
    func image(_ name: String, _ engine: Engine?, _ major: Int?) {
        #expect(DatabaseSignals.image(name)?.engine == engine)
        #expect(DatabaseSignals.image(name)?.major == major)
    }

    @Test("services beside the database, each with the variable that says where it is")
    func services() async throws {
        let files = [
            "requirements.txt": "redis\ncelery\nboto3\naiokafka\nnats-py\nminio",
            "config.py": """
            import os
            R = os.environ['REDIS_HOST']
            U = os.environ['REDIS_URL']
            B = os.environ['S3_BUCKET']
            """,
            "tasks.py": "from celery import Celery\nc = Celery('x', broker='amqp://guest@mq//')\n",
            "cache.py": "import redis.asyncio\nimport boto3\nimport aiokafka\n",
        ]
        let services = try await DatabaseDetectorTests.facts(files).services
        #expect(services.map(\.kind) == [.redis, .rabbitmq, .objectStorage])
        #expect(services.map(\.variable) == ["REDIS_URL", nil, "S3_BUCKET"])
        #expect(services.allSatisfy { !$0.evidence.isEmpty })
        let watcher = [
            "requirements.txt": "redis", "watch.py": "import redis\ndef f(host):\n    return redis.Redis(host=host)\n",
        ]
        #expect(try await DatabaseDetectorTests.facts(watcher).services.isEmpty)
    }
}
