extension PythonInstall {
    // MARK: - uv

    mutating func uv() {
        bringUV()
        noteUnlocked("run uv lock, and keep uv.lock")
        let isMember = manager.workspace != nil
        var words = ["uv", "sync", "--no-dev"]
        words += options("--group", manager.groups) + options("--extra", manager.extras)
        if let member = manager.member { words += ["--package", Quoting.run(member)] }
        // A workspace's lock can only be compared with the manifests of all members, which are not there yet.
        let first = manager.lock == nil ? [] : [isMember ? "--frozen" : "--locked"]
        let none = isMember ? "--no-install-workspace" : "--no-install-project"
        install([line(words + first + [none])], cache: "uv", files: mounted)
        let hasSiblings = isMember && !contents.members.isEmpty
        guard installsProject || hasSiblings else { return }
        words += manager.lock == nil ? ["--no-editable"] : ["--locked", "--no-editable"]
        if !installsProject, let member = manager.member {
            words += ["--no-install-package", Quoting.run(member)]
        }
        project.append(run([line(words)], cache: "uv", files: []))
    }

    private mutating func bringUV() {
        stages.append("FROM ghcr.io/astral-sh/uv:\(ToolVersions.uv) AS uv")
        tool = [
            "COPY --from=uv /uv /usr/local/bin/uv",
            """
            ENV UV_COMPILE_BYTECODE=1 \\
                UV_LINK_MODE=copy \\
                UV_PYTHON_DOWNLOADS=never \\
                UV_PROJECT_ENVIRONMENT=\(Self.environment)
            """,
        ]
    }

    // MARK: - Poetry, PDM, Pipenv

    mutating func poetry() {
        bring("poetry", ["POETRY_NO_INTERACTION=1"])
        noteUnlocked("run poetry lock, and keep poetry.lock")
        let groups = (["main"] + manager.groups).map { Quoting.run($0) }.joined(separator: ",")
        let words = ["/opt/poetry/bin/poetry", "install", "--only", groups] + options("--extras", manager.extras)
        install([line(words + ["--no-root", "--compile"])], cache: "pypoetry", files: mounted)
        installProject()
    }

    mutating func pdm() {
        bring("pdm", ["PDM_CHECK_UPDATE=false"])
        noteUnlocked("run pdm lock, and keep pdm.lock")
        let verb = manager.lock == nil ? "install" : "sync"
        let words = ["/opt/pdm/bin/pdm", verb, "--prod"] + options("--group", manager.groups + manager.extras)
        install([line(words + ["--no-editable", "--no-self"])], cache: "pdm", files: mounted)
        installProject()
    }

    mutating func pipenv() {
        bring("pipenv", ["PIPENV_NOSPIN=1"])
        noteUnlocked("run pipenv lock, and keep Pipfile.lock")
        // sync installs what the lock has, and nothing but that.
        let verb = manager.lock == nil ? ["install", "--skip-lock"] : ["sync"]
        var words = ["/opt/pipenv/bin/pipenv"] + verb
        if !manager.groups.isEmpty {
            words += ["--categories", Quoting.run((["packages"] + manager.groups).joined(separator: " "))]
        }
        install([line(words)], cache: "pipenv", files: mounted)
        installProject()
    }

    /// The tool in an environment of its own, and the project's, which is the active one.
    private mutating func bring(_ name: String, _ variables: [String]) {
        let pinned = ToolVersions.pinned(name, python: base.minor)
        let commands = [
            "python -m venv /opt/\(name)", "/opt/\(name)/bin/pip install \(pinned)",
            "python -m venv \(Self.environment)",
        ]
        let active = ["VIRTUAL_ENV=\(Self.environment)", "PATH=\(Self.environment)/bin:$PATH"]
        tool = [
            run(commands, cache: "pip", files: []), "ENV " + (active + variables).joined(separator: " \\\n    "),
        ]
    }

    // MARK: - pip

    mutating func pip() {
        guard let lock = manager.lock else { return declared() }
        guard let inner = layout.inner(lock) else { return }
        let venv = "python -m venv \(Self.environment)"
        var words = ["\(Self.environment)/bin/pip", "install"]
        if manager.hashed { words.append("--require-hashes") }
        words += ["-r", Quoting.run(layout.image(inner))]
        if let constraints = contents.constraints { words += ["-c", Quoting.run(layout.image(constraints))] }
        let wanted = [inner] + contents.requirements + [contents.constraints].compactMap { $0 }
        let files = Set(wanted).sorted()
        let canMount = !contents.requirementsNeedProject && files.allSatisfy { Quoting.isPlainPath($0) }
        install([venv, line(words)], cache: "pip", files: canMount ? files : nil)
        // What is named as a requirement itself need not be installed a second time.
        if !contents.requirementsNeedProject { installProject() }
    }

    /// Dependencies that only a manifest declares: uv installs them without the project.
    mutating func declared() {
        notes.append("no lock file: each build may install other versions; run uv lock, and keep uv.lock")
        guard let manifest = manager.manifest, let inner = layout.inner(manifest), inner.hasSuffix(".toml") else {
            return legacy()
        }
        bringUV()
        let venv = "uv venv \(Self.environment)"
        var words = ["uv", "pip", "install", "--python", Self.environment, "-r", Quoting.run(layout.image(inner))]
        words += options("--extra", manager.extras)
        install([venv, line(words)], cache: "uv", files: Quoting.isPlainPath(inner) ? [inner] : nil)
        guard installsProject else { return }
        let target = Quoting.run(".")
        project.append(run(["uv pip install --python \(Self.environment) --no-deps \(target)"], cache: "uv", files: []))
    }

    /// `setup.py` and `setup.cfg` say what they need only when they are run, with all of the project there.
    private mutating func legacy() {
        guard let manifest = manager.manifest, ["setup.py", "setup.cfg"].contains(TreePath.name(of: manifest)) else {
            notes.append("no file that names the dependencies was found: the image has Python alone")
            tool.append("RUN python -m venv \(Self.environment)")
            return
        }
        let extras = manager.extras.isEmpty ? "." : ".[\(manager.extras.joined(separator: ","))]"
        let words = ["\(Self.environment)/bin/pip", "install", Quoting.run(extras)]
        project.append(run(["python -m venv \(Self.environment)", line(words)], cache: "pip", files: []))
    }

    private mutating func installProject() {
        guard installsProject else { return }
        project.append(run(["\(Self.environment)/bin/pip install --no-deps ."], cache: "pip", files: []))
    }

    private func line(_ words: [String]) -> String { words.joined(separator: " ") }
}
