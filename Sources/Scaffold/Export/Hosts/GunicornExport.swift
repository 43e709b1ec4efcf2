import Model

/// `gunicorn.conf.py`, for projects that use gunicorn or want to.
enum GunicornExport {
    static func export(_ plan: ExportPlan) throws(Fault) -> Generated {
        guard plan.isPython, plan.web != nil, plan.facts.framework != .streamlit else {
            throw Fault(.unsupported, "gunicorn runs Python's ASGI and WSGI apps, and none was found")
        }
        var result = Generated()
        result.files = [Artefact("gunicorn.conf.py", text(plan))]
        if plan.isASGI, !plan.facts.dependencies.contains(where: { $0.name == "uvicorn-worker" }) {
            result.needed.append("the package uvicorn-worker: uvicorn.workers is deprecated")
        }
        if !plan.facts.dependencies.contains(where: { $0.name == "gunicorn" }) {
            result.needed.append("the package gunicorn")
        }
        if plan.facts.server?.name != .gunicorn, plan.isASGI {
            result.notes.append("plain uvicorn does the same with less: it restarts its own workers")
        }
        if let entry = plan.facts.entry, entry.kind != .script {
            let target = entry.kind == .factory ? "\(entry.target)()" : entry.target
            result.notes.append("start it with: \(Quoting.shell(["gunicorn", "--config", "gunicorn.conf.py", target]))")
        }
        return result
    }

    // MARK: - Private

    private static func text(_ plan: ExportPlan) -> String {
        let ladder = ShutdownLadder(plan.facts)
        let worker =
            plan.isASGI
            ? "worker_class = \"uvicorn_worker.UvicornWorker\""
            : "worker_class = \"gthread\"\nthreads = 8"
        let root = plan.facts.entry?.importRoot ?? ""
        let folder = root.isEmpty || root == "." ? "" : "chdir = \(Quoting.python(root))\n"
        let single = plan.singleReasons.isEmpty ? "" : "# One, whatever the size: \(Quoting.comment(reasons(plan)))\n"
        let workers = plan.singleReasons.isEmpty ? "int(os.environ.get(\"WEB_CONCURRENCY\", \"1\"))" : "1"
        let port = plan.web?.port ?? ServerStart.port(plan.facts)
        return """
            # \(Quoting.comment(plan.options.stamp))
            \"\"\"How gunicorn runs the app.\"\"\"
            import os

            bind = f"0.0.0.0:{os.environ.get('PORT', '\(port)')}"
            \(folder)\(worker)
            \(single)workers = \(workers)
            # A worker's sign of life, not a limit on requests.
            timeout = 60
            graceful_timeout = \(ladder.masterSeconds)
            keepalive = \(ladder.keepAliveSeconds)
            # Bounds what leaks.
            max_requests = 10_000
            max_requests_jitter = 1_000
            worker_tmp_dir = "/dev/shm"
            forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
            accesslog = None
            errorlog = "-"
            loglevel = os.environ.get("LOG_LEVEL", "info")
            control_socket_disable = True

            """
    }

    private static func reasons(_ plan: ExportPlan) -> String { plan.singleReasons.joined(separator: "; ") }
}
