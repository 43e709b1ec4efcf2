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

    /// Last words of the names of variables that hold a host alone: `REDIS_HOST`, `REDIS_IP`.
    static let hosts: Set<String> = ["HOST", "HOSTNAME", "SERVER", "IP"]

    /// Last words of the names of variables that hold a host with its port, or several.
    static let authorities: Set<String> = ["ADDR", "ADDRESS", "HOSTS", "SERVERS", "BROKERS", "NODES"]

    /// Last words of the names of variables that hold a whole address.
    static let urls: Set<String> = ["URL", "URI", "DSN"]

    /// Words in the names of variables that lead to a service, in whatever form.
    static let addresses = hosts.union(authorities).union(urls).union(["NODE", "ENDPOINT"])

    /// Methods by which a bot asks for its messages, for as long as it runs.
    static let polling: Set<String> = [
        "start_polling", "run_polling", "infinity_polling", "infinity_polling_async", "run_until_disconnected",
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
