/// Words that several readers go by: each list stands here once, and who needs more adds words of their own.
package enum Vocabulary {
    /// Programs, and packages, that serve an app over HTTP.
    package static let servers: Set<String> = ["uvicorn", "gunicorn", "hypercorn", "granian", "daphne"]

    /// Programs that start an app's server.
    package static let starters = servers.union(["fastapi"])

    /// Programs of other frameworks that serve pages by themselves.
    package static let frameworks: Set<String> = [
        "flask", "streamlit", "quart", "litestar", "sanic", "robyn", "chainlit", "uwsgi",
    ]

    /// Programs that work off tasks.
    package static let workers: Set<String> = ["celery", "rq", "arq", "dramatiq", "taskiq"]

    /// Names of groups of dependencies, stages and files that are not for production, or parts of such names.
    package static let development: Set<String> = [
        "dev", "develop", "development", "test", "tests", "testing", "lint", "linting", "doc", "docs", "typing",
    ]

    /// Folders that hold tests.
    package static let testFolders: Set<String> = ["test", "tests", "testing", "e2e"]

    /// Folders that show how something is done, and run nothing.
    package static let exampleFolders: Set<String> = [
        "example", "examples", "doc", "docs", "sample", "samples", "tutorial", "tutorials", "benchmark", "benchmarks",
        "notebooks",
    ]
}
