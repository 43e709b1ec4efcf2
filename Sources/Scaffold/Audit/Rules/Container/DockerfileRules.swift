import Model
import Toolkit

/// D01, D02: a Dockerfile is there and can be read.
enum DockerfileRules {
    static let all = [absent, unknownInstruction]

    private static let absent = Rule(
        "D01",
        .info,
        "No Dockerfile and no start command",
        why: "Nothing says how the app is built and started, so every platform guesses differently.",
        fix: "Let `roost launch` write a Dockerfile, or add a Procfile.",
        reference: "fastapi.tiangolo.com/deployment/docker",
        exceptions:
            "libraries, templates, projects with a Procfile, `render.yaml`, `railway.json`, `app.yaml` or buildpacks.",
        bad: ["requirements.txt": "fastapi\nuvicorn\n", "main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"],
        good: [
            "requirements.txt": "fastapi\nuvicorn\n", "main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
            "Procfile": "web: uvicorn main:app --host 0.0.0.0 --port $PORT\n",
        ],
        at: ["main.py"]
    ) { context in
        guard context.facts.kind == .app, context.dockerfiles.isEmpty, !hasPlatform(context) else { return [] }
        guard let place = webModule(context) else { return [] }
        return [
            Finding(
                "D01",
                .info,
                at: place,
                found: "",
                "no Dockerfile and no start command of a platform",
                fix: "let `roost launch` write a Dockerfile"
            )
        ]
    }

    private static let unknownInstruction = Rule(
        "D02",
        .error,
        "Unknown or broken instruction",
        why:
            "The build stops there. An exec form that is no JSON is worse: it builds, and then a shell gets the brackets.",
        fix: "Write the instruction that was meant.",
        reference: "docs.docker.com/reference/dockerfile",
        exceptions: "files with a `# syntax=` line that names another frontend than Docker's own; templates with `{{`.",
        bad: [
            "Dockerfile": """
            FROM python:3.14-slim
            USER 10001
            HEALTH CHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/')"]
            CMD ["python", "-m", "shop"]
            """
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14-slim
            USER 10001
            HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/')"]
            CMD ["python", "-m", "shop"]
            """
        ],
        at: ["Dockerfile:3"]
    ) { context in
        context.dockerfiles.values.sorted { $0.path < $1.path }.flatMap { file -> [Finding] in
            guard isDockerfile(file, context), !isTemplate(file, context) else { return [] }
            let lost = LostHeredoc.find(in: context.project.text(file.path) ?? "")
            let blanks = lost.map { blank($0, file, context) }
            let others = file.problems.filter { problem in !lost.contains { $0.lines.contains(problem.line) } }
            // One broken line makes those behind it look broken too.
            let meant = others.filter { $0.nearest != nil }.prefix(5) + others.filter { $0.nearest == nil }.prefix(1)
            return blanks + meant.compactMap { problem($0, file, context) }
        }
    }

    // MARK: - Private

    private static func problem(_ problem: Dockerfile.Problem, _ file: Dockerfile, _ context: AuditContext) -> Finding?
    {
        let place = Place(file.path, problem.line)
        let found = context.line(place)
        // `RUN [ -n "$X" ]` is a test of the shell's.
        if problem.message.hasPrefix("RUN looks like"), !found.contains("\",") { return nil }
        var patch: Finding.Patch?
        if let nearest = problem.nearest, let raw = context.rawLine(place),
            let line = Dockerfile.corrected(raw, nearest)
        {
            patch = Finding.Patch(file: file.path, first: problem.line, last: problem.line, lines: [line])
        }
        let fix = problem.nearest.map { "write \($0)" } ?? "correct the line or delete it"
        return Finding("D02", .error, at: place, found: found, problem.message, fix: fix, patch: patch)
    }

    /// Not only by its name: it begins like one.
    private static func isDockerfile(_ file: Dockerfile, _ context: AuditContext) -> Bool {
        let name = TreePath.name(of: file.path).lowercased()
        let isNamed = name == "dockerfile" || name == "containerfile"
        let ending = name.split(separator: ".").last.map(String.init) ?? ""
        let isOther = [
            "go", "py", "js", "ts", "rb", "rs", "yml", "yaml", "json", "md", "txt", "j2", "erb", "tmpl", "template",
        ].contains(ending)
        return !context.isAside(file.path) && !isOther && (isNamed || !file.stages.isEmpty)
    }

    /// `RUN cat << 'EOF'`: newer builders take it, older ones read its lines as instructions.
    private static func blank(_ lost: LostHeredoc, _ file: Dockerfile, _ context: AuditContext) -> Finding {
        let place = Place(file.path, lost.line)
        let patch = context.patch(place, replacing: lost.mark, with: lost.mark.filter { !$0.isWhitespace })
        return Finding(
            "D02",
            .warning,
            at: place,
            found: context.line(place),
            "older builders read the lines of the heredoc as instructions",
            fix: "no blank behind <<",
            patch: patch
        )
    }

    private static func isTemplate(_ file: Dockerfile, _ context: AuditContext) -> Bool {
        guard let text = context.project.text(file.path) else { return true }
        return TextSearch.contains(text, "{%") || TextSearch.contains(text, "{{")
    }

    private static func hasPlatform(_ context: AuditContext) -> Bool {
        let names: Set<String> = [
            "Procfile", "render.yaml", "render.yml", "railway.json", "railway.toml", "app.yaml", "nixpacks.toml",
            "heroku.yml",
            "vercel.json", "apprunner.yaml", "serverless.yml", "template.yaml", "zappa_settings.json",
        ]
        let isBuilt = context.config.map {
            $0.build.image != nil || $0.build.builder != nil || !$0.build.buildpacks.isEmpty
        }
        return isBuilt == true || context.project.files.contains { names.contains(TreePath.name(of: $0)) }
    }

    /// The file that makes the app.
    private static func webModule(_ context: AuditContext) -> Place? {
        if let place = context.facts.entry?.evidence.first?.place { return Place(place.file) }
        let makers: Set<String> = [
            "fastapi.FastAPI", "flask.Flask", "starlette.applications.Starlette", "litestar.Litestar", "quart.Quart",
        ]
        let modules = context.python.modules.filter { !context.isAside($0.path) }
        return modules.first { module in module.calls.contains { makers.contains($0.function) } || makes(module, makers)
        }
        .map { Place($0.path) }
    }

    private static func makes(_ module: PythonModule, _ names: Set<String>) -> Bool {
        module.assigns.contains { $0.value?.call.map { names.contains($0.function) } ?? false }
    }
}

/// A heredoc with a blank behind `<<`, which Docker's parser did not always know.
private struct LostHeredoc {
    /// Where it begins.
    var line: Int
    /// The mark as written: `<< 'EOF'`.
    var mark: String
    var lines: ClosedRange<Int>

    static func find(in text: String) -> [LostHeredoc] {
        let lines = text.textLines
        var found: [LostHeredoc] = []
        for (index, line) in lines.enumerated() {
            guard let start = line.firstRange(of: "<<")?.lowerBound else { continue }
            let rest = line[start...].dropFirst(2)
            let sign = rest.prefix { $0 == "-" }
            let blanks = rest.dropFirst(sign.count).prefix { $0 == " " || $0 == "\t" }
            let word = rest.dropFirst(sign.count + blanks.count).prefix { !$0.isWhitespace }
            let name = ImageWords.plain(word)
            guard !blanks.isEmpty, !name.isEmpty, name.allSatisfy({ $0.isLetter || $0 == "_" || $0.isNumber }) else {
                continue
            }
            guard let end = lines.indices.dropFirst(index + 1).first(where: { ImageWords.trimmed(lines[$0]) == name })
            else { continue }
            found.append(
                LostHeredoc(line: index + 1, mark: "<<" + sign + blanks + word, lines: (index + 2)...(end + 1))
            )
        }
        return found
    }
}
