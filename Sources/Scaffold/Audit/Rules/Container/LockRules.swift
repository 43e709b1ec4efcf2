import Model
import Toolkit

/// D18: whether the same build gives the same packages.
enum LockRules {
    static let all = [unlocked]

    private static let unlocked = Rule(
        "D18",
        .error,
        "Dependencies are not locked",
        why: "The image gets whatever was published last: today's build differs from the one that was tested.",
        fix:
            "`uv sync --locked`, `poetry install` with the lock copied, `pipenv sync`; pin every line of requirements.txt.",
        reference:
            "docs.astral.sh/uv/concepts/projects/sync, \"Automatic lock and sync\"; pip.pypa.io/en/stable/topics/repeatable-installs",
        exceptions:
            "libraries. An error only when a lock is there and the build does not see it; one that is seen but not enforced is a warning.",
        bad: [
            "Dockerfile": """
            FROM python:3.14-slim
            COPY pyproject.toml ./
            RUN pip install --no-cache-dir uv==0.9.26 && uv sync --no-dev
            USER 10001
            HEALTHCHECK NONE
            CMD ["python", "-m", "shop"]
            """,
            "pyproject.toml": "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"fastapi\"]\n",
            "uv.lock": "version = 1\n",
            "shop/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14-slim
            COPY pyproject.toml uv.lock ./
            RUN pip install --no-cache-dir uv==0.9.26 && uv sync --locked --no-dev
            USER 10001
            HEALTHCHECK NONE
            CMD ["python", "-m", "shop"]
            """,
            "pyproject.toml": "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"fastapi\"]\n",
            "uv.lock": "version = 1\n",
            "shop/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
        ],
        at: ["Dockerfile:3"]
    ) { context in
        guard let image = context.image, context.facts.kind != .library else { return [] }
        var findings: [Finding] = []
        var said: Set<String> = []
        for item in image.stages.flatMap(\.instructions) where item.word == "RUN" {
            for words in RunCommands.all(in: item) {
                let words = CommandWrappers.strip(words).words
                guard let (severity, message) = problem(words, item, image, context) else { continue }
                guard said.insert(message).inserted else { continue }
                let place = context.place(of: words.prefix(2).joined(separator: " "), in: item, image.path)
                findings.append(
                    Finding(
                        "D18",
                        severity,
                        at: place,
                        found: context.line(place),
                        message,
                        fix: "install from the lock, and fail when it does not fit"
                    )
                )
                break
            }
        }
        return findings + unpinned(image, context)
    }

    // MARK: - Private

    private static func problem(
        _ words: [String],
        _ item: Dockerfile.Instruction,
        _ image: ProductionImage,
        _ context: AuditContext
    ) -> (Severity, String)? {
        guard let first = words.first else { return nil }
        let variables = image.facts.variables
        func has(_ flags: String...) -> Bool {
            flags.contains { flag in words.contains { $0 == flag || $0.hasPrefix(flag + "=") } }
        }
        switch CommandWrappers.name(first) {
        case "uv" where words.contains("sync") && !words.contains("pip"):
            guard !has("--locked", "--frozen"), variables["UV_LOCKED"] == nil, variables["UV_FROZEN"] == nil else {
                return nil
            }
            return missing("uv.lock", item, image, context) ?? (
                .warning, "uv sync without --locked writes a new lock when the old one does not fit"
            )
        case "poetry" where words.contains("install") || words.contains("sync"):
            return missing("poetry.lock", item, image, context)
        case "pdm" where words.contains("install"): return missing("pdm.lock", item, image, context)
        case "pipenv" where words.contains("install"):
            if has("--skip-lock"), context.hasFile("Pipfile.lock") {
                return (.error, "--skip-lock leaves the lock out")
            }
            guard !has("--deploy", "--ignore-pipfile") else { return nil }
            return missing("Pipfile.lock", item, image, context) ?? (
                .warning, "pipenv install without --deploy locks anew when the lock does not fit"
            )
        default: return nil
        }
    }

    /// The lock is in the project, and the build does not get it.
    private static func missing(
        _ name: String,
        _ item: Dockerfile.Instruction,
        _ image: ProductionImage,
        _ context: AuditContext
    ) -> (Severity, String)? {
        guard let build = context.build, let lock = context.lockPath(name, in: build) else {
            return (.warning, "there is no \(name)")
        }
        let mounted = image.stages.flatMap(\.instructions).flatMap(\.flags).contains {
            $0.name == "mount" && ($0.value.contains(name) || $0.value.contains("type=bind,target=."))
        }
        if mounted { return nil }
        let bindsAll = item.flags.contains {
            $0.name == "mount" && $0.value.contains("type=bind") && !$0.value.contains("source=")
        }
        if bindsAll { return nil }
        let sources = image.copies.flatMap(\.sources)
        if build.files(of: sources).contains(lock) {
            let deletes = image.stages.flatMap(\.instructions).contains {
                $0.word == "RUN" && $0.text.contains("rm ") && $0.text.contains(name) && $0.line <= item.line
            }
            return deletes ? (.error, "\(name) is deleted before the install") : nil
        }
        // Sources with variables, other ways into the image: nobody can say what is copied.
        if sources.contains(where: { $0.contains("$") }) || build.isUnknown { return nil }
        let reason =
            build.leavesOut(lock)
            ? "\(build.ignoreFile ?? ".dockerignore") leaves \(name) out" : "no COPY brings \(name) along"
        return (.error, "\(reason): the newest of everything is installed")
    }

    /// Lines of requirements.txt that name no version.
    private static func unpinned(_ image: ProductionImage, _ context: AuditContext) -> [Finding] {
        var findings: [Finding] = []
        var seen: Set<String> = []
        for item in image.stages.flatMap(\.instructions) where item.word == "RUN" {
            let text =
                item.exec.map { $0.joined(separator: " ") } ?? ([item.text] + item.heredocs).joined(separator: "\n")
            for command in InstallCommand.all(in: text, at: Place(image.path, item.line)) where command.manager == .pip
            {
                for file in command.files {
                    guard let path = context.requirements(file), seen.insert(path).inserted else { continue }
                    let open = openLines(of: context.project.text(path) ?? "")
                    guard let first = open.first else { continue }
                    let message =
                        open.count == 1
                        ? "\(first.name) has no version"
                        : "\(open.count) packages have no exact version, \(first.name) first"
                    findings.append(
                        Finding(
                            "D18",
                            .warning,
                            at: Place(path, first.line),
                            found: first.text,
                            message,
                            fix: "pin them, best with pip-compile or uv pip compile"
                        )
                    )
                }
            }
        }
        return findings
    }

    private static func openLines(of text: String) -> [(line: Int, name: String, text: String)] {
        let lines = text.textLines
        // With hashes pip takes nothing else.
        guard !text.contains("--hash=") else { return [] }
        return lines.enumerated().compactMap { index, line in
            let plain = ImageWords.trimmed(line.prefix { $0 != "#" })
            guard !plain.isEmpty, !plain.hasPrefix("-"), let requirement = Requirement(plain),
                requirement.appliesToLinux
            else { return nil }
            let isPinned = requirement.version.hasPrefix("==") || requirement.version.hasPrefix("@")
            return isPinned ? nil : (index + 1, requirement.name, String(plain))
        }
    }
}

extension AuditContext {
    /// Whether a file is in the app's folder, in the build's or above.
    func hasFile(_ name: String) -> Bool {
        TreePath.ancestors(of: facts.root).contains { project.has(TreePath.joined($0, name)) }
            || project.has(TreePath.joined(buildFolder, name))
    }

    /// A lock as the build would see it, relative to its folder.
    fileprivate func lockPath(_ name: String, in build: BuildContext) -> String? {
        let candidates = [facts.manager?.lock, TreePath.joined(facts.root, name), TreePath.joined(build.folder, name)]
            .compactMap { $0 }
        for path in candidates
        where TreePath.name(of: path) == name && project.has(path) && TreePath.lies(path, in: build.folder) {
            return build.folder.isEmpty ? path : String(path.dropFirst(build.folder.count + 1))
        }
        return nil
    }

    /// The file of the project that `pip install -r` names.
    fileprivate func requirements(_ name: String) -> String? {
        let plain = TreePath.name(of: name)
        let candidates = [
            TreePath.joined(buildFolder, TreePath.joined("", name)), TreePath.joined(facts.root, plain),
            TreePath.joined(buildFolder, plain),
        ]
        return candidates.first { project.has($0) }
    }
}
