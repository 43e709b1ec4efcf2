import Model
import Toolkit

/// D03, D16: who the process is, and what that user may read.
enum UserRules {
    static let all = [root, userSite]

    private static let root = Rule(
        "D03",
        .error,
        "The process runs as root",
        why:
            "Whoever breaks into the app is root in the container, one bug of the kernel or one mounted socket from the host.",
        fix: "Create a user in the image and switch to it by number: `USER 10001:10001`.",
        reference:
            "docs.docker.com/build/building/best-practices, \"USER\"; kubernetes.io/docs/concepts/security/pod-security-standards",
        exceptions: """
            images whose base already switches (distroless nonroot, Chainguard, micromamba, Bitnami), entrypoints that drop root \
            themselves (gosu, su-exec, setpriv), a user set by Compose, Kubernetes or ECS. A warning only where each app has a \
            virtual machine or a sandbox of its own (Fly, Cloud Run, Heroku), and for a base that is not known.
            """,
        bad: [
            "Dockerfile": "FROM python:3.14-slim\nCOPY app ./app\nHEALTHCHECK NONE\nCMD [\"python\", \"-m\", \"app\"]\n"
        ],
        good: [
            "Dockerfile":
                "FROM python:3.14-slim\nCOPY app ./app\nHEALTHCHECK NONE\nUSER 10001:10001\nCMD [\"python\", \"-m\", \"app\"]\n"
        ],
        at: ["Dockerfile:1"],
        also: ["D10"]
    ) { context in
        guard let image = context.image, !isSetElsewhere(context), !dropsRoot(image, context) else { return [] }
        if let user = image.facts.user {
            let name = String(user.prefix { $0 != ":" })
            guard name == "root" || name == "0" else { return named(name, image, context) }
            let line = image.all("USER").last?.line ?? image.stage.line
            let place = Place(image.path, line)
            return [finding(severity(context), place, context, "the image switches to root and stays it")]
        }
        let place = Place(image.path, image.stage.line)
        switch image.base?.runsAsRoot {
        case false?: return []
        case nil:
            return [finding(.warning, place, context, "no USER, and whether \(image.facts.base) has one is not known")]
        case true?: return [finding(severity(context), place, context, "no USER, so the process is root")]
        }
    }

    private static let userSite = Rule(
        "D16",
        .error,
        "Packages in a home folder that the user can't read",
        why:
            "`/root` is closed to all others (mode 0700), so the app can import nothing. Another home works only while HOME is it.",
        fix: "Install into a virtual environment at a fixed place, `/opt/venv`, and copy that.",
        reference: "docs.python.org/3/library/site.html, \"user site-packages\"",
        exceptions: "images that stay root, and those that open `/root` with chmod.",
        bad: [
            "Dockerfile": """
            FROM python:3.14-slim AS build
            COPY requirements.txt .
            RUN pip install --user --no-cache-dir -r requirements.txt
            FROM python:3.14-slim
            COPY --from=build /root/.local /root/.local
            ENV PATH=/root/.local/bin:$PATH
            USER 10001
            CMD ["python", "-m", "shop"]
            """,
            "requirements.txt": "fastapi==0.165.0\n",
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14-slim AS build
            COPY requirements.txt .
            RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
            FROM python:3.14-slim
            COPY --from=build /opt/venv /opt/venv
            ENV PATH=/opt/venv/bin:$PATH
            USER 10001
            CMD ["python", "-m", "shop"]
            """,
            "requirements.txt": "fastapi==0.165.0\n",
        ],
        at: ["Dockerfile:5"],
        also: ["D10"]
    ) { context in
        guard let image = context.image, let user = image.facts.user,
            !["root", "0"].contains(user.prefix { $0 != ":" })
        else { return [] }
        let opens = image.all("RUN").contains { $0.text.contains("chmod") && $0.text.contains("/root") }
        guard !opens else { return [] }
        var current: String?
        return image.lineage.flatMap(\.instructions).compactMap { item in
            if item.word == "USER" { current = item.text }
            let isRootNow = current.map { $0.hasPrefix("root") || $0.hasPrefix("0") } ?? true
            guard item.word == "COPY" || item.word == "RUN" && isRootNow, let home = home(of: item) else { return nil }
            let place = Place(image.path, item.line)
            let isRoot = home.hasPrefix("/root")
            let message =
                isRoot
                ? "the user can't read \(home), where the packages are"
                : "the packages in \(home) are found only while HOME is that folder"
            return Finding(
                "D16",
                isRoot ? .error : .info,
                at: place,
                found: context.line(place),
                message,
                fix: "install into a virtual environment at /opt/venv"
            )
        }
    }

    // MARK: - Private

    /// Machines of their own, or a sandbox, stand around the container.
    private static func severity(_ context: AuditContext) -> Severity {
        context.isTargetGiven && [.fly, .cloudrun, .heroku].contains(context.target) ? .warning : .error
    }

    private static func finding(
        _ severity: Severity,
        _ place: Place,
        _ context: AuditContext,
        _ message: String
    ) -> Finding {
        Finding(
            "D03",
            severity,
            at: place,
            found: context.line(place),
            message,
            fix: "end the stage with USER 10001:10001"
        )
    }

    /// The kubelet refuses a name where `runAsNonRoot` is asked for: it can't tell whose it is.
    private static func named(_ name: String, _ image: ProductionImage, _ context: AuditContext) -> [Finding] {
        guard !name.isEmpty, !name.contains("$"), Int(name) == nil else { return [] }
        let usesCluster = context.isTargetGiven ? context.target == .k8s : !context.cluster.isEmpty
        let place = Place(image.path, image.all("USER").last?.line ?? image.stage.line)
        return [
            Finding(
                "D03",
                usesCluster ? .warning : .info,
                at: place,
                found: context.line(place),
                "the user \(name) is a name, which Kubernetes can't check against runAsNonRoot",
                fix: "write its number: USER 10001:10001"
            )
        ]
    }

    private static func isSetElsewhere(_ context: AuditContext) -> Bool {
        func isUser(_ text: String?) -> Bool {
            guard let name = text?.prefix(while: { $0 != ":" }), !name.isEmpty else { return false }
            return name != "0" && name != "root"
        }
        let stacks = context.stacks.filter { $0.nature == .production }
        if context.concerns([.compose]),
            stacks.contains(where: { $0.services.contains { $0.isApp && isUser($0.node["user"]?.scalar) } })
        {
            return true
        }
        if context.concerns([.ecs]) {
            let containers = context.taskDefinitions.flatMap { $0.node["containerDefinitions"]?.items ?? [] }
            if containers.contains(where: { isUser($0["user"]?.scalar) }) { return true }
        }
        guard context.concerns([.k8s]) else { return false }
        return context.cluster.filter(\.isWorkload).contains { object in
            let contexts = [object.podSpec?["securityContext"]] + object.containers.map { $0["securityContext"] }
            return contexts.contains { isUser($0?["runAsUser"]?.scalar) }
        }
    }

    /// The entrypoint starts as root on purpose and gives it up.
    private static func dropsRoot(_ image: ProductionImage, _ context: AuditContext) -> Bool {
        let tools = [
            "gosu", "su-exec", "setpriv", "runuser", "s6-setuidgid", "chpst", "su -", "su ", "sudo -u", "setuidgid",
        ]
        let items = [image.facts.entrypoint, image.facts.command].compactMap { $0 }
        let words = items.flatMap { $0.exec ?? $0.text.split(separator: " ").map(String.init) }
        if words.contains(where: {
            ["gosu", "su-exec", "setpriv", "runuser", "/init"].contains(CommandWrappers.name($0))
        }) {
            return true
        }
        var names = Set(words.map { TreePath.name(of: $0) }.filter { $0.contains(".sh") || $0.contains("entrypoint") })
        // `COPY docker/entry.sh /app/run.sh`: its text is in the project under another name.
        for copy in image.copies where names.contains(TreePath.name(of: copy.target)) {
            names.formUnion(copy.sources.map { TreePath.name(of: $0) })
        }
        let texts = context.project.files.filter { names.contains(TreePath.name(of: $0)) }.compactMap(
            context.project.text
        )
        if texts.contains(where: { text in tools.contains { TextSearch.contains(text, $0) } }) { return true }
        let startsSwitcher = words.contains { $0.contains("uwsgi") } || texts.contains { $0.contains("uwsgi") }
        return startsSwitcher && context.project.files.contains { $0.hasSuffix(".ini") && hasUser($0, context) }
    }

    /// Whether uWSGI's settings name a user that it switches to: `uid = www-data`.
    private static func hasUser(_ path: String, _ context: AuditContext) -> Bool {
        guard let text = context.project.text(path), TextSearch.contains(text, "[uwsgi]") else { return false }
        return text.split(whereSeparator: \.isNewline).contains { line in
            let parts = line.split(separator: "=", maxSplits: 1).map { ImageWords.trimmed($0) }
            return parts.count == 2 && parts[0] == "uid" && !["root", "0"].contains(parts[1])
        }
    }

    /// The home folder that an instruction fills with packages.
    private static func home(of item: Dockerfile.Instruction) -> String? {
        if item.word == "COPY" {
            let words = item.exec ?? ImageWords.raw(item.text).map { ImageWords.plain($0) }
            guard words.count > 1, let target = words.last, words.dropLast().contains(where: { $0.contains("/.local") })
            else { return nil }
            return target.hasPrefix("/root") || target.hasPrefix("/home/") ? target : nil
        }
        let installs = RunCommands.all(in: item).contains { words in
            words.contains("--user") && words.contains("install")
                && words.contains { CommandWrappers.name($0).hasPrefix("pip") }
        }
        return installs ? "/root/.local" : nil
    }
}
