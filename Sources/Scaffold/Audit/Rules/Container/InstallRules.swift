import Model
import Toolkit

/// D04, D17, D19: what is installed and left behind.
enum InstallRules {
    static let all = [compilers, caches, developmentGroups]

    private static let compilers = Rule(
        "D04",
        .warning,
        "Compilers in the final image",
        why: "They make the image hundreds of megabytes larger, and are tools for whoever breaks in.",
        fix: "Install in a build stage and copy the virtual environment.",
        reference: "docs.docker.com/build/building/multi-stage",
        exceptions:
            "packages that a later command of the stage removes; a full base image or one stage for all is a suggestion.",
        bad: [
            "Dockerfile": """
            FROM python:3.14-slim
            RUN apt-get update && apt-get install -y --no-install-recommends gcc libpq-dev && rm -rf /var/lib/apt/lists/*
            USER 10001
            HEALTHCHECK NONE
            CMD ["python", "-m", "shop"]
            """
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14-slim AS build
            RUN apt-get update && apt-get install -y --no-install-recommends gcc libpq-dev && rm -rf /var/lib/apt/lists/*
            RUN python -m venv /opt/venv
            FROM python:3.14-slim
            COPY --from=build /opt/venv /opt/venv
            USER 10001
            HEALTHCHECK NONE
            CMD ["python", "-m", "shop"]
            """
        ],
        at: ["Dockerfile:2"]
    ) { context in
        guard let image = context.image else { return [] }
        let found = image.packages.names.filter(isForBuilding).sorted()
        if let first = found.compactMap({ image.packages.lines[$0] }).min() {
            let near = found.first { image.packages.lines[$0] == first }
            let item = image.stages.flatMap(\.instructions).first { $0.line == first }
            let place = item.map { context.place(of: near ?? "", in: $0, image.path) } ?? Place(image.path, first)
            let names = found.prefix(6).joined(separator: ", ") + (found.count > 6 ? " and others" : "")
            return [
                Finding(
                    "D04",
                    .warning,
                    at: place,
                    found: context.line(place),
                    "\(names) \(found.count == 1 ? "stays" : "stay") in the final image",
                    fix: "install them in a build stage"
                )
            ]
        }
        let place = Place(image.path, image.lineage.first?.line ?? 1)
        if image.base?.isFull == true {
            return [
                Finding(
                    "D04",
                    .info,
                    at: place,
                    found: context.line(place),
                    "the full image \(image.facts.base) carries compilers",
                    fix: "end with a slim one"
                )
            ]
        }
        return []
    }

    private static let caches = Rule(
        "D17",
        .info,
        "Packages installed with what nobody needs",
        why: "Recommended packages, package lists and pip's cache only make the layer larger.",
        fix:
            "`apt-get install --no-install-recommends … && rm -rf /var/lib/apt/lists/*`, `pip install --no-cache-dir`, or cache mounts.",
        reference: "docs.docker.com/build/building/best-practices, \"apt-get\"",
        exceptions: "stages that are not part of the image; cache mounts; `PIP_NO_CACHE_DIR`.",
        bad: [
            "Dockerfile": """
            FROM python:3.14-slim
            RUN apt-get update && apt-get install -y libpq5
            USER 10001
            HEALTHCHECK NONE
            CMD ["python", "-m", "shop"]
            """
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14-slim
            RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
            USER 10001
            HEALTHCHECK NONE
            CMD ["python", "-m", "shop"]
            """
        ],
        at: ["Dockerfile:2"]
    ) { context in
        guard let image = context.image else { return [] }
        let names = image.facts.variables
        return image.all("RUN").compactMap { item in
            let wanted = waste(item, names)
            guard !wanted.isEmpty else { return nil }
            let place = Place(image.path, item.line)
            return Finding(
                "D17",
                .info,
                at: place,
                found: context.line(place),
                wanted.joined(separator: "; "),
                fix: "leave it out of the layer",
                patch: patch(item, image, wanted, context)
            )
        }
    }

    private static let developmentGroups = Rule(
        "D19",
        .warning,
        "Tools for tests and development in the image",
        why: "pytest, linters and their dependencies are more to download, to keep safe, and to abuse.",
        fix:
            "`uv sync --no-dev`, `poetry install --only main`, `pipenv sync` without `--dev`, `pip install` without `[dev]`.",
        reference: "docs.astral.sh/uv/concepts/projects/sync; python-poetry.org/docs/managing-dependencies",
        exceptions: "projects without such a group, stages with a developer's name.",
        bad: [
            "Dockerfile": """
            FROM python:3.14-slim
            COPY pyproject.toml uv.lock ./
            RUN pip install --no-cache-dir uv==0.9.26 && uv sync --locked
            USER 10001
            HEALTHCHECK NONE
            CMD ["python", "-m", "shop"]
            """,
            "pyproject.toml":
                "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"fastapi\"]\n\n[dependency-groups]\ndev = [\"pytest\"]\n",
            "uv.lock": "version = 1\n",
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
            "pyproject.toml":
                "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"fastapi\"]\n\n[dependency-groups]\ndev = [\"pytest\"]\n",
            "uv.lock": "version = 1\n",
        ],
        at: ["Dockerfile:3"]
    ) { context in
        guard let image = context.image else { return [] }
        return image.stages.flatMap(\.instructions).filter { $0.word == "RUN" && !isOnDemand($0) }.compactMap { item in
            let found = RunCommands.all(in: item).lazy.compactMap { command -> (words: [String], message: String)? in
                let words = CommandWrappers.strip(command).words
                return extra(words, image, context).map { (words, $0) }
            }
            guard let (words, message) = found.first else { return nil }
            let place = context.place(of: words.prefix(2).joined(separator: " "), in: item, image.path)
            return Finding(
                "D19",
                .warning,
                at: place,
                found: context.line(place),
                message,
                fix: "install what production needs alone"
            )
        }
    }

    // MARK: - Private

    private static func isForBuilding(_ name: String) -> Bool {
        let names: Set<String> = [
            "build-essential", "gcc", "g++", "make", "cmake", "clang", "cargo", "rustc", "rust", "build-base",
            "musl-dev", "python3-dev",
            "automake", "autoconf", "ninja-build", "gfortran", "gcc-c++", "linux-headers",
        ]
        return names.contains(name) || name.hasSuffix("-dev") || name.hasSuffix("-devel")
    }

    private static func waste(_ item: Dockerfile.Instruction, _ variables: [String: String]) -> [String] {
        let text = item.exec.map { $0.joined(separator: " ") } ?? ([item.text] + item.heredocs).joined(separator: "\n")
        let mounts = item.flags.filter { $0.name == "mount" }.map(\.value)
        var wanted: [String] = []
        for words in RunCommands.all(in: item) {
            if let command = PackageCommand(words), command.installs, !command.packages.isEmpty || command.isOpen {
                switch command.manager {
                case .apt:
                    if !command.options.contains("--no-install-recommends"), !text.contains("Install-Recommends") {
                        wanted.append("recommended packages are installed too")
                    }
                    if !text.contains("/var/lib/apt/lists"),
                        !mounts.contains(where: { $0.contains("/var/lib/apt") || $0.contains("/var/cache/apt") })
                    {
                        wanted.append("apt's package lists stay in the layer")
                    }
                case .apk:
                    let isClean = command.options.contains("--no-cache") || text.contains("/var/cache/apk")
                    if !isClean, mounts.isEmpty { wanted.append("apk's index stays in the layer") }
                case .dnf:
                    if !text.contains("clean all"), !text.contains("/var/cache"), mounts.isEmpty {
                        wanted.append("the cache of packages stays in the layer")
                    }
                }
            }
            let plain = CommandWrappers.strip(words).words
            let isPip =
                plain.contains { CommandWrappers.name($0).hasPrefix("pip") && $0 != "pipenv" && !$0.hasPrefix("pip-") }
                && plain.contains("install")
            if isPip, plain.first != "uv", !plain.contains("--no-cache-dir"), variables["PIP_NO_CACHE_DIR"] == nil,
                !mounts.contains(where: { $0.contains("cache") }), !text.contains("pip cache purge"),
                !text.contains("/.cache")
            {
                wanted.append("pip keeps its cache in the layer")
            }
        }
        var seen: Set<String> = []
        return wanted.filter { seen.insert($0).inserted }
    }

    /// pip's flag can be put in by itself; the rest needs a look at what breaks.
    private static func patch(
        _ item: Dockerfile.Instruction,
        _ image: ProductionImage,
        _ wanted: [String],
        _ context: AuditContext
    ) -> Finding.Patch? {
        guard wanted == ["pip keeps its cache in the layer"], item.line == item.endLine else { return nil }
        let place = Place(image.path, item.line)
        guard item.text.contains("pip install") else {
            return context.patch(place, replacing: "pip3 install", with: "pip3 install --no-cache-dir")
        }
        return context.patch(place, replacing: "pip install", with: "pip install --no-cache-dir")
    }

    /// `if [ "$DEV" = "true" ]; then …`: a build's argument decides, and who builds for production leaves it out.
    private static func isOnDemand(_ item: Dockerfile.Instruction) -> Bool {
        let text = item.exec.map { $0.joined(separator: " ") } ?? item.text
        let words = text.uppercased()
        return text.contains("if ") && text.contains("$") && ["DEV", "TEST"].contains(where: words.contains)
            && text.contains("then")
    }

    /// The group that an install command takes along.
    private static func extra(_ words: [String], _ image: ProductionImage, _ context: AuditContext) -> String? {
        let names: Set<String> = ["dev", "test", "tests", "develop", "development", "lint"]
        let groups = Set(context.facts.dependencies.compactMap(\.group)).intersection(names)
        guard let first = words.first, let tool = Optional(CommandWrappers.name(first)) else { return nil }
        let variables = image.facts.variables
        // `uv sync ${ARGS}`: what the build hands over may leave them out.
        guard !words.dropFirst().contains(where: { $0.hasPrefix("$") }) else { return nil }
        switch tool {
        case "uv" where words.contains("sync"):
            let isOff = ["--no-dev", "--no-default-groups", "--only-group", "--no-group"].contains { flag in
                words.contains { $0.hasPrefix(flag) }
            }
            guard !isOff, variables["UV_NO_DEV"] == nil, groups.contains("dev") || words.contains("--all-groups") else {
                return nil
            }
            return "uv sync installs the group dev as well"
        case "poetry" where words.contains("install") || words.contains("sync"):
            let isOff = ["--no-dev", "--only", "--without"].contains { flag in words.contains { $0.hasPrefix(flag) } }
            guard !isOff, variables["POETRY_WITHOUT"] == nil, !groups.isEmpty else { return nil }
            return "poetry install installs the group \(groups.sorted()[0]) as well"
        case "pipenv" where words.contains("--dev") || words.contains("-d"):
            return "pipenv installs the development packages as well"
        case "pdm" where (words.contains("install") || words.contains("sync")) && !groups.isEmpty:
            let isOff =
                words.contains("--prod") || words.contains("--production") || words.contains("--no-default")
                || words.contains("-G")
            return isOff ? nil : "pdm installs the development groups as well"
        case _ where words.contains("install"):
            if let file = words.first(where: { $0.hasSuffix(".txt") && ProductionStage.isAside(TreePath.name(of: $0)) })
            {
                return "\(file) is installed in the image"
            }
            let extra = words.first { word in
                ["dev", "test", "tests"].contains { word.hasSuffix("[\($0)]") && word.hasPrefix(".") }
            }
            return extra.map { "\($0) is installed in the image" }
        default: return nil
        }
    }
}
