import Client
import Model
import Scaffold

/// How the project that is deployed becomes an image, as its files say.
struct ProjectBuild {
    var way: BuildWay
    /// For a build without a Dockerfile.
    var python: PythonBuild?
    /// For one by a Dockerfile that may turn out to be past its time.
    var instead: PythonBuild?
    /// What the user is told before anything is sent.
    var notes: [String] = []

    /// Decides, before anything is built or sent.
    ///
    /// The Dockerfile is the one that the configuration or the user names, in the project's folder; `isForced` says that
    /// the user wants it to be built by that file, or without any; `offered` are the versions of Python that the server can
    /// make. A project that can't be built, or that nothing can start, is a ``Fault``.
    static func plan(
        _ scan: ScanResult,
        _ config: AppConfig,
        dockerfile: String?,
        isForced: (dockerfile: Bool, native: Bool) = (false, false),
        offered: [PythonOffer]
    ) throws(Fault) -> ProjectBuild {
        if let dockerfile, isForced.dockerfile { return ProjectBuild(way: .dockerfile(dockerfile)) }
        let way = try BuildWay.decide(config.build, dockerfile: dockerfile, scan, native: isForced.native)
        guard case .native(let generated) = way else {
            var build = ProjectBuild(way: way)
            if case .dockerfile(let path) = way, BuildWay.canDoWithout(path, scan), runsAnywhere(config) {
                // What can't be read well enough has no other way.
                build.instead = try? plan(scan, config, dockerfile: nil, isForced: (false, true), offered: offered)
                    .python
                if let python = build.instead, !python.command.isEmpty {
                    let command = StartScript.command(
                        python.command,
                        insteadOf: path,
                        scan,
                        released: config.deploy.releaseCommand != nil
                    )
                    build.instead?.command = command ?? []
                    if command == nil { build.instead = nil }
                }
            }
            return build
        }
        var build = ProjectBuild(way: way)
        let fit = try PythonFit.choose(scan, offered: offered)
        var options = PythonBuildOptions()
        options.needsCommand = config.needsImageCommand
        options.isLaunched = generated != nil
        options.port = config.internalPort
        options.minor = fit.minor
        options.mounts = config.mounts.map(\.destination)
        let python = PythonBuildReader.read(scan, options)
        if let generated {
            build.notes.append(
                "\(generated) is as roost launch wrote it: the same image is built without it "
                    + "(--dockerfile \(generated) builds from the file)"
            )
        }
        if let note = fit.note { build.notes.append(note) }
        guard !options.needsCommand || !python.command.isEmpty else { throw noCommand }
        build.python = python
        return build
    }

    /// Whether what the processes start is there in every image with the project's packages, and no script of one image.
    private static func runsAnywhere(_ config: AppConfig) -> Bool {
        config.processes.values.allSatisfy { words in
            let text = words.joined(separator: " ")
            guard !["uv run", "poetry run", "pdm run", "pipenv run"].contains(where: text.contains) else {
                return false
            }
            return words.first.map { programs.contains($0) } ?? true
        }
    }

    private static let programs = Vocabulary.starters.union(Vocabulary.workers).union([
        "python", "python3", "alembic", "sh", "bash",
    ])

    private static let noCommand = Fault(
        .invalidConfig,
        "nothing says how the app starts: no [processes] in fly.toml, no web: in a Procfile, and no app that was found",
        hint: "set it in fly.toml: [processes] app = \"uvicorn package.module:app --host 0.0.0.0 --port 8080\""
    )
}
