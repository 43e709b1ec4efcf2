/// The packages that bring modules of Python, where that is beyond doubt.
package enum PythonDistributions {
    /// What an installer calls the package that brings a module: `PyYAML` for `yaml`, `authlib` for `authlib.jose`.
    ///
    /// - Returns: nil for what more than one package brings, and for what nobody here knows.
    package static func name(ofModule module: some StringProtocol) -> String? {
        let first = String(module.prefix { $0 != "." })
        return others[first] ?? (same.contains(first) ? first.replacing("_", with: "-") : nil)
    }

    // MARK: - Private

    /// By modules that are called otherwise than their package.
    private static let others: [String: String] = [
        "MySQLdb": "mysqlclient", "OpenSSL": "pyOpenSSL", "PIL": "pillow", "argon2": "argon2-cffi",
        "bs4": "beautifulsoup4", "cv2": "opencv-python-headless", "dateutil": "python-dateutil",
        "dependency_injector": "dependency-injector", "docx": "python-docx", "dotenv": "python-dotenv",
        "email_validator": "email-validator", "fastapi_cache": "fastapi-cache2", "fitz": "PyMuPDF", "git": "GitPython",
        "jose": "python-jose[cryptography]",
        "jwt": "PyJWT", "ldap3": "ldap3", "magic": "python-magic", "markdown": "Markdown",
        "multipart": "python-multipart", "pptx": "python-pptx", "psycopg": "psycopg[binary]",
        "psycopg2": "psycopg2-binary", "pymysql": "PyMySQL", "sentry_sdk": "sentry-sdk", "skimage": "scikit-image",
        "sklearn": "scikit-learn", "slugify": "python-slugify", "socketio": "python-socketio",
        "telegram": "python-telegram-bot", "tortoise": "tortoise-orm", "yaml": "PyYAML",
    ]

    /// By modules that are called as their package is.
    private static let same: Set<String> = [
        "aioboto3", "aiocache", "aiofiles", "aiogram", "aiohttp", "aiokafka", "aiomysql", "aioredis", "aiosmtplib",
        "aiosqlite", "alembic", "apscheduler", "arq", "asgi_correlation_id", "asyncpg", "authlib", "bcrypt", "beanie",
        "bleach", "boto3", "casbin", "celery", "cloudinary", "cryptography", "dishka", "dramatiq", "elasticsearch",
        "emails", "faker", "fastapi_filter", "fastapi_limiter", "fastapi_mail", "fastapi_pagination",
        "fastapi_users", "faststream", "firebase_admin", "geoalchemy2", "geopy", "gunicorn", "httpx", "humanize",
        "itsdangerous", "jinja2", "joblib", "langchain", "loguru", "lxml", "minio", "motor", "numpy", "openai",
        "orjson", "pandas", "passlib", "pika", "phonenumbers", "prometheus_client",
        "prometheus_fastapi_instrumentator", "psutil", "punq", "pwdlib", "pydantic_settings", "pymongo", "pyotp",
        "pytz", "qrcode", "redis", "reportlab", "requests", "scipy", "shapely", "slowapi", "sqladmin", "sqlalchemy",
        "sqlalchemy_utils", "sqlmodel", "stripe", "structlog", "supabase", "taskiq", "tenacity", "twilio", "typer",
        "ujson", "uvicorn", "uvloop", "websockets", "xlsxwriter",
    ]
}
