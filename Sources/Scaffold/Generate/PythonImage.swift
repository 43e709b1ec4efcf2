import Toolkit

/// The Dockerfile of a Python app, put together from its parts.
struct PythonImage {
    let facts: Facts
    let options: GeneratedImageOptions
    let layout: BuildLayout
    let contents: ImageContents
    let base: BaseImage
    let port: Int
    let start: ServerStart
    let install: PythonInstall
    let frontend: FrontendStage?
    let packages: (build: [String], run: [String])
    /// The script that migrates under a lock, when there is one for this database.
    let script: Artefact?

    init(_ facts: Facts, _ options: GeneratedImageOptions) {
        self.facts = facts
        self.options = options
        layout = BuildLayout(facts)
        let contents = options.contents ?? ImageContents(facts)
        self.contents = contents
        base = BaseImage(facts.python?.chosen)
        port = options.port ?? ServerStart.port(facts)
        start = ServerStart(facts, port: port, minor: base.minor)
        install = PythonInstall(facts, contents, base)
        frontend = FrontendStage(facts, contents, layout)
        packages = options.packages ?? SystemPackages.needed(for: facts.dependencies)
        var script: Artefact?
        if let path = options.migrateScript {
            script = MigrateScript.make(facts, stamp: options.stamp, path: path)
            script?.path = layout.ofProject(path)
        }
        self.script = script
    }

    /// A folder that commands have to be run in, and whose name no line of a Dockerfile can hold.
    var unfitFolder: String? {
        [layout.image(layout.project), install.folder].first { !Quoting.isPlainPath($0) }
    }

    var isConda: Bool { install.manager.name == .conda }

    var text: String {
        var lines = ["# syntax=docker/dockerfile:1", Stamp.line(options.stamp)]
        let stages = install.stages + [frontend?.lines.joined(separator: "\n")].compactMap { $0 }
        for stage in stages { lines += [stage, ""] }
        lines += isConda ? condaBuild : build
        lines.append("")
        lines += runtime
        return lines.joined(separator: "\n") + "\n"
    }

    var notes: [String] {
        var notes = install.notes + start.notes
        if isConda, install.manager.lock == nil {
            notes.append("no lock file: each build may install other versions; run conda-lock, and keep conda-lock.yml")
        }
        if !contents.leftOut.isEmpty {
            let names = contents.leftOut.prefix(5).map { Quoting.comment($0) }.joined(separator: ", ")
            notes.append("not copied, for the name can't stand in a Dockerfile: \(names)")
        }
        if let collect = collectStatic?.note { notes.append(collect) }
        if facts.frontend?.isServed == true, frontend == nil {
            notes.append("the front end is not built: its folder can't stand in a Dockerfile")
        }
        return notes
    }

    /// What the allow-list lets through.
    var ignoredBut: [String] {
        var paths = install.mounted ?? []
        paths += (contents.requirements + [contents.constraints].compactMap { $0 })
        if install.manager.workspace != nil { paths += ["**/pyproject.toml"] + contents.members }
        // Their build reads what the manifest names beside the code.
        if !install.project.isEmpty { paths += ["README*", "LICENSE*", "setup.py", "setup.cfg", "pyproject.toml"] }
        paths += contents.folders + contents.files
        if let script { paths.append(script.path) }
        if let frontend { paths.append(frontend.folder.isEmpty ? "**" : frontend.folder) }
        if copiesAll { paths.append("**") }
        var seen: Set<String> = []
        return paths.filter { isPattern($0) && seen.insert($0).inserted }
    }

    // MARK: - Stages

    private var build: [String] {
        var lines = ["FROM \(base.name) AS build"]
        if !packages.build.isEmpty { lines.append(apt(base.packages(packages.build))) }
        lines += install.tool
        lines.append("WORKDIR \(install.folder)")
        if !install.dependencies.isEmpty {
            lines.append("# Dependencies first: this layer changes only when what they are made from does.")
            lines += install.dependencies
        }
        if !install.project.isEmpty {
            if let variables = versionVariables { lines.append(variables) }
            lines.append("COPY . \(BuildLayout.home)/")
            lines += install.project
        }
        if !start.packages.isEmpty {
            let uv = install.tool.contains { $0.hasPrefix("COPY --from=uv") }
            let tool =
                uv
                ? "uv pip install --python \(PythonInstall.environment)"
                : "\(PythonInstall.environment)/bin/pip install"
            let command = "\(tool) \(start.packages.map { Quoting.run($0) }.joined(separator: " "))"
            if !install.project.isEmpty, let last = lines.last, last.hasPrefix("RUN ") {
                // One after the other would be two layers for one thing.
                lines[lines.count - 1] = "\(last) \\\n    && \(command)"
            } else {
                lines.append(install.run([command], cache: uv ? "uv" : "pip", files: []))
            }
        }
        return lines
    }

    /// Build backends that ask git for the version find none in an image.
    private var versionVariables: String? {
        guard install.installsProject else { return nil }
        return install.manager.buildBackend?.hasPrefix("pdm") == true
            ? "ENV PDM_BUILD_SCM_VERSION=0.0.0" : "ENV SETUPTOOLS_SCM_PRETEND_VERSION=0.0.0"
    }

    private var condaBuild: [String] {
        var lines = ["FROM mambaorg/micromamba:\(ToolVersions.micromamba) AS build"]
        let path = install.manager.lock ?? install.manager.manifest ?? "environment.yml"
        if let inner = layout.inner(path), Quoting.isPlainPath(inner) {
            let target = "/tmp/\(TreePath.name(of: inner))"
            lines.append("COPY \(inner) \(target)")
            lines.append(
                "RUN micromamba install --yes --name base --file \(target) && micromamba clean --all --force-pkgs-dirs --yes"
            )
        }
        if !start.packages.isEmpty {
            let names = start.packages.map { Quoting.run($0) }.joined(separator: " ")
            lines.append("RUN micromamba run --name base pip install --no-cache-dir \(names)")
        }
        return lines
    }

    private var runtime: [String] {
        let name = isConda ? "mambaorg/micromamba:\(ToolVersions.micromamba)" : base.name
        var lines = ["FROM \(name) AS runtime", "ENV " + variables.joined(separator: " \\\n    ")]
        // The image of micromamba is that of a user without rights already.
        if isConda { lines.append("USER 0:0") }
        if !packages.run.isEmpty { lines.append(apt(base.packages(packages.run))) }
        lines += [
            "RUN groupadd --gid 10001 app && useradd --uid 10001 --gid 10001 --no-create-home "
                + "--home-dir /nonexistent --shell /usr/sbin/nologin app",
            "WORKDIR \(layout.image(layout.project))",
            isConda ? "COPY --from=build /opt/conda /opt/conda" : "COPY --from=build /opt/venv /opt/venv",
        ]
        lines += copies
        if let frontend { lines.append(frontend.copy) }
        if let collect = collectStatic?.line { lines.append(collect) }
        if !writable.isEmpty {
            lines.append("RUN install --directory --owner=10001 --group=10001 \(writable.joined(separator: " "))")
        }
        lines += ["USER 10001:10001", "EXPOSE \(port)", "STOPSIGNAL SIGTERM", healthCheck]
        lines.append("CMD \(Quoting.exec(start.command))")
        return lines
    }

    private var variables: [String] {
        var lines = ["PATH=\(isConda ? "/opt/conda" : PythonInstall.environment)/bin:$PATH"]
        // Servers and tools do not agree about whether the working directory is importable.
        let migrations = (facts.migrations?.importRoots ?? []).map { layout.ofProject($0) }
        var roots = install.installsProject ? [] : [layout.importRoot]
        roots += migrations.filter { $0 != layout.importRoot }
        roots.removeAll { !$0.isEmpty && !Quoting.isPlainPath($0) }
        if !roots.isEmpty { lines.append("PYTHONPATH=\(roots.map { layout.image($0) }.joined(separator: ":"))") }
        lines += ["PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1", "PYTHONFAULTHANDLER=1"]
        return lines + start.environment.map { "\($0.name)=\(Quoting.dockerEnvironment($0.value))" }
    }

    private func apt(_ names: [String]) -> String {
        """
        RUN apt-get update \\
            && apt-get install --yes --no-install-recommends \(names.sorted().map { Quoting.run($0) }.joined(separator: " ")) \\
            && rm -rf /var/lib/apt/lists/*
        """
    }

    /// A name or one of our own patterns.
    private func isPattern(_ path: String) -> Bool {
        Quoting.isPlainPath(path) || ["**", "**/pyproject.toml", "README*", "LICENSE*"].contains(path)
    }
}
