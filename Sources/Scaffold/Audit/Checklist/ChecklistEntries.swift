extension Checklist {
    static let entries: [Entry] = container + application + server + database + monitoring + security + operations

    // MARK: - Private

    private static let container = [
        Entry("multi-stage", "Container", "compilers and caches stay out of the image", ["D04", "D17"], of: .image),
        Entry("non-root", "Container", "the process is not root", ["D03"], of: .image),
        Entry("image-check", "Container", "a health check that works and can fail", ["D10", "D11", "D12"], of: .image),
        Entry("signals", "Container", "the server gets the stop signal itself", ["D07", "D08"], of: .image),
        Entry("pinned", "Container", "images and packages are pinned", ["D05", "D18", "C21"], of: .image),
        Entry("image-secrets", "Container", "no secrets in the image", ["D13", "D14"], of: .image),
        Entry("limits", "Container", "limits of memory and restarts are set", ["C05", "C18"], of: .deployment),
    ]

    private static let application = [
        Entry("debug", "Application", "debug mode and reloading are off", ["A01", "D09"], of: .python),
        Entry("docs", "Application", "the API's description is guarded", ["A02"], of: .python),
        Entry(
            "settings",
            "Application",
            "secrets come from the environment",
            ["A22", "A23", "B14", "C03", "C30"],
            of: .python
        ),
        Entry("cors", "Application", "CORS names its origins", ["A03", "A04"], of: .python),
        Entry("headers", "Application", "security headers are sent once", ["A13", "C12"], of: .python),
        Entry(
            "health",
            "Application",
            "liveness and readiness are apart and answer 503",
            ["A05", "A06", "A07", "A08", "A09"],
            of: .python
        ),
        Entry("lifespan", "Application", "what is opened at the start is closed at the end", ["A11"], of: .python),
    ]

    private static let server = [
        Entry("server", "Server", "a server that is kept up", ["S01", "S08", "S12"], of: .python),
        Entry(
            "workers",
            "Server",
            "as many workers as CPU and memory hold",
            ["S02", "S03", "S11", "C25"],
            of: .python
        ),
        Entry(
            "timeouts",
            "Server",
            "timeouts and the shutdown ladder agree",
            ["S04", "S07", "S10", "C13", "C27"],
            of: .python
        ),
        Entry(
            "proxy",
            "Server",
            "the proxy is right and its headers are trusted",
            ["S05", "S06", "C09", "C10", "C11", "C16"],
            of: .proxy
        ),
        Entry("tls", "Server", "TLS ends at the proxy or the platform; certificates renew themselves"),
        Entry(
            "rate-limit",
            "Server",
            "requests are limited where it matters",
            ["A20", "C14"],
            of: .python,
            by: [
                "slowapi", "fastapi-limiter", "fastapi-guard", "flask-limiter", "django-ratelimit", "limits",
                "pyrate-limiter",
            ]
        ),
    ]

    private static let database = [
        Entry(
            "pool",
            "Database",
            "connections are pooled and fit the server",
            ["B03", "B04", "B05", "B06"],
            of: .database
        ),
        Entry(
            "migrations",
            "Database",
            "migrations run once, before the roll-out",
            ["B09", "B10", "B12", "C31", "D22"],
            of: .database
        ),
        Entry(
            "migration-safety",
            "Database",
            "pending migrations keep the old version working",
            ["B11"],
            of: .database
        ),
        Entry("database-tls", "Database", "the connection is encrypted", ["B01", "B08"], of: .database),
        Entry("staging", "Database", "migrations were tried on staging"),
        Entry("backups", "Database", "backups are automatic, and one was restored"),
    ]

    private static let monitoring = [
        Entry(
            "metrics",
            "Monitoring",
            "metrics are there, right and not public",
            ["A16", "A17"],
            of: .python,
            by: [
                "prometheus-client", "prometheus-fastapi-instrumentator", "starlette-exporter", "starlette-prometheus",
                "django-prometheus", "prometheus-flask-exporter", "opentelemetry-sdk", "opentelemetry-distro", "statsd",
                "datadog", "ddtrace", "newrelic",
            ]
        ),
        Entry(
            "logs",
            "Monitoring",
            "logs are structured and whole",
            ["A18"],
            of: .python,
            by: ["structlog", "loguru", "python-json-logger", "json-log-formatter", "asgi-correlation-id", "logfire"]
        ),
        Entry("errors", "Monitoring", "errors are tracked", ["A29"], of: .python),
        Entry("retention", "Monitoring", "logs are collected and kept as long as needed"),
        Entry("traces", "Monitoring", "performance is watched"),
        Entry("alerts", "Monitoring", "alerts reach somebody who is on call"),
    ]

    private static let security = [
        Entry("dependencies", "Security", "dependencies are checked in CI", ["C35"], of: .workflow),
        Entry("validation", "Security", "input is validated and limited", ["A25", "A28"], of: .python),
        Entry(
            "tokens",
            "Security",
            "tokens expire and their algorithm is fixed",
            ["A21"],
            of: .python,
            by: [
                "pyjwt", "python-jose", "authlib", "joserfc", "jwcrypto", "itsdangerous",
                "djangorestframework-simplejwt",
            ]
        ),
        Entry("ports", "Security", "databases and brokers are not public", ["C02", "C17"], of: .deployment),
        Entry("python", "Security", "Python gets security fixes", ["D06"]),
        Entry("input-limits", "Security", "limits of input were reviewed"),
        Entry("updates", "Security", "security updates are applied regularly"),
    ]

    private static let operations = [
        Entry("scaling", "Operations", "more than one instance, scaled by load", ["C19", "C29"], of: .deployment),
        Entry("balancer", "Operations", "the balancer asks readiness", ["C18", "C27"], of: .deployment),
        Entry(
            "ci",
            "Operations",
            "tests go before deploys, deploys wait and roll back",
            ["C32", "C33", "C34", "C36"],
            of: .workflow
        ),
        Entry("rollback", "Operations", "rolling back was rehearsed"),
        Entry("disaster", "Operations", "there is a plan for the loss of the host"),
        Entry("costs", "Operations", "capacity and costs are reviewed"),
    ]
}
