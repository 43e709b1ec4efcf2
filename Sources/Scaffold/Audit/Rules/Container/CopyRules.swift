import Model
import Toolkit

/// D13, D15: what gets into the image with `COPY`.
enum CopyRules {
    static let all = [secretFiles, order]

    private static let secretFiles = Rule(
        "D13",
        .error,
        "Secrets or history copied into the image",
        why: "Whoever can pull the image has the files of every layer, also of those that a later line deletes.",
        fix: "Make `.dockerignore` a list of what is needed: `*` first, then `!app` and so on.",
        reference: "docs.docker.com/build/concepts/context, \".dockerignore files\"",
        exceptions:
            "example files, tests' keys, public certificates; what is no secret for sure (`.git`, a database, an `.env` without secrets) is a warning.",
        bad: [
            "Dockerfile":
                "FROM python:3.14-slim\nWORKDIR /app\nCOPY . .\nUSER 10001\nHEALTHCHECK NONE\nCMD [\"python\", \"-m\", \"shop\"]\n",
            ".env": "SECRET_KEY=mfo3fj4o5jfj3o4jfoj3\n", ".dockerignore": ".git\n",
        ],
        good: [
            "Dockerfile":
                "FROM python:3.14-slim\nWORKDIR /app\nCOPY . .\nUSER 10001\nHEALTHCHECK NONE\nCMD [\"python\", \"-m\", \"shop\"]\n",
            ".env": "SECRET_KEY=mfo3fj4o5jfj3o4jfoj3\n", ".dockerignore": "*\n!shop\n",
        ],
        at: ["Dockerfile:3"]
    ) { context in
        guard let image = context.image, let build = context.build, !build.isUnknown else { return [] }
        var findings: [Finding] = []
        for (item, sources, _) in image.copies
        where image.lineage.contains(where: { $0.instructions.contains { $0.line == item.line } }) {
            let place = Place(image.path, item.line)
            // Also one that is not committed: whoever builds has it.
            if let named = sources.first(where: {
                TreePath.name(of: $0).hasPrefix(".env") && isEnvironment(TreePath.name(of: $0))
            }) {
                findings.append(
                    Finding(
                        "D13",
                        .error,
                        at: place,
                        found: context.line(place),
                        "\(named) is put into the image",
                        fix: "pass its values at run time"
                    )
                )
                continue
            }
            findings += sensitive(sources, item, build, context)
        }
        return findings
    }

    private static let order = Rule(
        "D15",
        .info,
        "Code copied before the dependencies are installed",
        why: "Each change of the code installs everything again: minutes instead of seconds.",
        fix: "Copy the manifest and the lock first, install, then copy the code.",
        reference: "docs.docker.com/build/cache/optimize",
        bad: [
            "Dockerfile": """
            FROM python:3.14-slim
            WORKDIR /app
            COPY . .
            RUN pip install --no-cache-dir -r requirements.txt
            USER 10001
            HEALTHCHECK NONE
            CMD ["python", "-m", "shop"]
            """,
            ".dockerignore": "*\n!shop\n!requirements.txt\n", "requirements.txt": "fastapi==0.165.0\n",
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14-slim
            WORKDIR /app
            COPY requirements.txt .
            RUN pip install --no-cache-dir -r requirements.txt
            COPY . .
            USER 10001
            HEALTHCHECK NONE
            CMD ["python", "-m", "shop"]
            """,
            ".dockerignore": "*\n!shop\n!requirements.txt\n", "requirements.txt": "fastapi==0.165.0\n",
        ],
        at: ["Dockerfile:3"]
    ) { context in
        guard let image = context.image else { return [] }
        return image.stages.compactMap { stage in
            for item in stage.instructions {
                if item.word == "RUN", installs(item) { return nil }
                guard item.word == "COPY" || item.word == "ADD", !item.flags.contains(where: { $0.name == "from" })
                else { continue }
                let words = item.exec ?? ImageWords.raw(item.text).map { ImageWords.plain($0) }
                guard words.dropLast().contains(where: { TreePath.joined("", $0).isEmpty }) else { continue }
                guard stage.instructions.contains(where: { $0.line > item.line && $0.word == "RUN" && installs($0) })
                else { return nil }
                let place = Place(image.path, item.line)
                return Finding(
                    "D15",
                    .info,
                    at: place,
                    found: context.line(place),
                    "every change of the code installs all dependencies again",
                    fix: "copy the manifest and install first"
                )
            }
            return nil
        }
    }

    // MARK: - Private

    private static func installs(_ item: Dockerfile.Instruction) -> Bool {
        let shell = item.exec.map { $0.joined(separator: " ") } ?? item.text
        return ([shell] + item.heredocs).contains { text in
            InstallCommand.all(in: text, at: Place("Dockerfile")).contains {
                !$0.files.isEmpty || $0.manager != .pip || $0.installsProject
            }
        }
    }

    /// `.env`, `.env.production`, not `.env.example`.
    private static func isEnvironment(_ name: String) -> Bool {
        let lower = name.lowercased()
        guard lower == ".env" || lower.hasPrefix(".env.") || lower.hasSuffix(".env") && lower.count > 4 else {
            return false
        }
        return !["example", "sample", "template", "dist", "default", "test", "ci"].contains { lower.contains($0) }
    }

    /// Files that a line brings along and should not.
    private static func sensitive(
        _ sources: [String],
        _ item: Dockerfile.Instruction,
        _ build: BuildContext,
        _ context: AuditContext
    ) -> [Finding] {
        let place = Place(context.image?.path ?? "", item.line)
        var worst: (Severity, String)?
        for path in build.files(of: sources) {
            guard let found = danger(of: path, build, context), worst.map({ found.0 > $0.0 }) ?? true else { continue }
            worst = found
            if found.0 == .error { break }
        }
        let takesAll = sources.contains { TreePath.joined("", $0).isEmpty }
        if worst == nil, takesAll, build.folder.isEmpty, !build.leavesOut(".git/config") {
            worst = (.warning, ".git")
        }
        guard let (severity, path) = worst else { return [] }
        let message = "\(path) gets into the image"
        return [
            Finding(
                "D13",
                severity,
                at: place,
                found: context.line(place),
                message,
                fix: "leave it out in .dockerignore",
                patch: patch(path, build, context)
            )
        ]
    }

    private static func danger(of path: String, _ build: BuildContext, _ context: AuditContext) -> (Severity, String)? {
        let name = TreePath.name(of: path)
        let lower = name.lowercased()
        // Most files are told by their names alone.
        let marks = [".env", ".pem", ".key", "id_rsa", "id_ed25519", ".json", ".sqlite", ".db"]
        guard marks.contains(where: lower.contains) else { return nil }
        let whole = TreePath.joined(build.folder, path)
        guard CodeRole.of(whole, root: context.facts.root) != .test,
            CodeRole.of(whole, root: context.facts.root) != .example
        else { return nil }
        if isEnvironment(name) {
            let values = EnvironmentFiles.assignments(context.project.text(whole) ?? "")
            // In a folder of another service's settings (`docker/search/.env`) a password like `default` is that
            // service's own; the app's file gets real values wherever it is deployed.
            let folder = TreePath.folder(of: whole)
            let isApps = [build.folder, context.facts.root].contains(folder)
            let isSecret = values.contains {
                SecretText.isName($0.name) && !SecretText.isHarmless($0.value) && !SecretText.isPlaceholder($0.value)
                    && (isApps || !SecretText.isWeak($0.value))
            }
            return (isSecret && !ProductionStage.isAside(name) ? .error : .warning, path)
        }
        if lower.hasSuffix(".pem") || lower.hasSuffix(".key") || lower.hasPrefix("id_rsa")
            || lower.hasPrefix("id_ed25519")
        {
            guard let text = context.project.text(whole), text.contains("PRIVATE KEY-----") else { return nil }
            return (.error, path)
        }
        if lower.hasSuffix(".json"),
            lower.contains("credentials") || lower.contains("service-account") || lower.contains("service_account")
        {
            guard let text = context.project.text(whole), text.contains("PRIVATE KEY-----") else { return nil }
            return (.error, path)
        }
        let isDatabase = [".sqlite3", ".sqlite", ".db"].contains { lower.hasSuffix($0) }
        return isDatabase ? (.warning, path) : nil
    }

    private static func patch(_ path: String, _ build: BuildContext, _ context: AuditContext) -> Finding.Patch? {
        guard Quoting.isPlainPath(path) || path.hasPrefix(".") && Quoting.isPlainPath(String(path.dropFirst())) else {
            return nil
        }
        let file = build.ignoreFile ?? TreePath.joined(build.folder, ".dockerignore")
        let lines = (context.project.text(file) ?? "").textLines
        let count = lines.last?.isEmpty ?? true ? max(0, lines.count - 1) : lines.count
        return Finding.Patch(file: file, first: count + 1, last: count, lines: [path])
    }
}
