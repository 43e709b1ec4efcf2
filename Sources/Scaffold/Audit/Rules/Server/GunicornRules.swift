import Model
import Toolkit

extension ServerRules {
    static let noEffect = Rule(
        "S08",
        .info,
        "Settings of gunicorn that do nothing",
        why:
            "uvicorn's worker takes neither `worker_connections` nor `threads` nor `access_log_format`: whoever reads them "
            + "believes in limits and lines that are not there.",
        fix: "Remove them; shape the access log in the logging configuration.",
        reference: "https://github.com/Kludex/uvicorn-worker",
        exceptions: "gunicorn with its own workers.",
        bad: [
            "main.py": app,
            "Procfile": "web: gunicorn main:app\n",
            "gunicorn.conf.py": """
            worker_class = "uvicorn_worker.UvicornWorker"
            graceful_timeout = 20
            worker_connections = 1000
            """,
        ],
        good: [
            "main.py": app,
            "Procfile": "web: gunicorn main:app\n",
            "gunicorn.conf.py": """
            worker_class = "uvicorn_worker.UvicornWorker"
            graceful_timeout = 20
            # worker_connections = 1000
            """,
        ],
        at: ["gunicorn.conf.py:3"]
    ) { context in
        context.starts.filter(\.runsUvicornWorkers).flatMap { start -> [Finding] in
            func finding(_ name: String, _ place: Place) -> Finding {
                Finding(
                    "S08",
                    .info,
                    at: place,
                    found: context.line(place),
                    "\(name) has no effect with uvicorn's worker",
                    fix: "remove it",
                    patch: name.hasPrefix("-") ? nil : deletion(place, context)
                )
            }
            let names = ["worker_connections", "access_log_format", "threads"]
            let settings = names.compactMap { name in start.settings?[name].map { finding(name, $0.place) } }
            let flags = ["--worker-connections", "--access-logformat", "--threads"].filter {
                start.server.flags[$0] != nil
            }
            return settings + flags.map { finding($0, start.place) }
        }
    }

    static let readOnlyRoot = Rule(
        "S09",
        .info,
        "gunicorn wants to write where nothing can be written",
        why:
            "On a read-only root gunicorn can't make its heartbeat files in /tmp, and writes no log to a file: it does not "
            + "start, or logs an error.",
        fix: "`worker_tmp_dir = \"/dev/shm\"`, logs to `-`, or a tmpfs on /tmp.",
        reference: "https://gunicorn.org/reference/settings/#worker_tmp_dir",
        exceptions: "Services with a tmpfs or an emptyDir on /tmp.",
        bad: [
            "main.py": app,
            "compose.prod.yaml": """
            services:
              web:
                build: .
                command: gunicorn main:app --graceful-timeout 5
                read_only: true
                restart: always
            """,
        ],
        good: [
            "main.py": app,
            "compose.prod.yaml": """
            services:
              web:
                build: .
                command: gunicorn main:app --graceful-timeout 5 --worker-tmp-dir /dev/shm
                read_only: true
                restart: always
            """,
        ],
        at: ["compose.prod.yaml:5"]
    ) { context in
        guard let start = context.starts.first(where: { $0.server.server == .gunicorn }) else { return [] }
        let hasFolder = start.option(["--worker-tmp-dir"]) != nil || start.settings?["worker_tmp_dir"] != nil
        let logs = ["--access-logfile", "--error-logfile", "--log-file"].compactMap { start.option([$0]) }
        let logsToFile = logs.contains { $0.hasPrefix("/") && !$0.hasPrefix("/dev/") && !$0.hasPrefix("/tmp") }
        guard !hasFolder || logsToFile else { return [] }
        let message =
            hasFolder
            ? "gunicorn logs to a file, and the root is read-only"
            : "gunicorn keeps its heartbeat in /tmp, and the root is read-only"
        return readOnly(context).map { place in
            Finding(
                "S09",
                .info,
                at: place,
                found: context.line(place),
                message,
                fix: hasFolder ? "--access-logfile -" : "worker_tmp_dir = \"/dev/shm\""
            )
        }
    }

    // MARK: - Private

    /// Settings of one line can be deleted.
    private static func deletion(_ place: Place, _ context: AuditContext) -> Finding.Patch? {
        let line = context.line(place)
        let opening = line.count { "([{".contains($0) }
        guard opening == line.count(where: { ")]}".contains($0) }), !line.hasSuffix("\\"), !line.contains("\"\"\"")
        else { return nil }
        return context.deletion(place)
    }

    /// Services and pods whose root can't be written and whose /tmp is a part of it.
    private static func readOnly(_ context: AuditContext) -> [Place] {
        var places: [Place] = []
        for stack in context.stacks where stack.nature != .development {
            for service in stack.services where service.isApp && service.node["read_only"]?.scalar == "true" {
                let mounts =
                    (service.node["tmpfs"]?.items.compactMap(\.scalar) ?? [])
                    + [service.node["tmpfs"]?.scalar].compactMap { $0 }
                let covered = (mounts + service.volumes.map(\.target)).contains { $0.hasPrefix("/tmp") }
                if !covered { places.append(stack.place(service.node["read_only"]?.position.line)) }
            }
        }
        for object in context.cluster where object.isWorkload {
            for container in object.containers {
                guard let node = container.at("securityContext", "readOnlyRootFilesystem"), node.scalar == "true" else {
                    continue
                }
                let covered = container["volumeMounts"]?.items.contains { $0["mountPath"]?.scalar == "/tmp" } ?? false
                if !covered { places.append(object.place(node)) }
            }
        }
        return places
    }
}
