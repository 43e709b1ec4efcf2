package import Model
package import Toolkit

/// What a scan knows so far: read files first, then the facts that one detector after the other adds.
///
/// A detector is a function that takes this, looks at the files and sets its part of ``facts``. The order of detectors
/// is in ``Scan``. All paths here are relative to the scanned folder, not to ``root``.
package struct ScanContext: Sendable {
    package var project: Project
    /// The app's folder in what is scanned; empty is all of it.
    package var root = ""
    /// The Python that was read, and what is made of it.
    package var program: PythonProgram
    /// How Python is started, should more be read.
    package var pythonProcess = PythonProcess()
    /// By path, in its order.
    package var dockerfiles: [Dockerfile]
    /// Parsed configuration files by path: Compose, `pyproject.toml`, `render.yaml`, `fly.toml`, `package.json` and so on;
    /// those that do not parse are absent and stand in the warnings.
    package var documents: [String: [ConfigNode]]
    /// Every command that is written down somewhere.
    package var commands: [FoundCommand] = []
    package var facts = Facts()
    /// Several folders are as good as the one that was chosen.
    package var isAmbiguous = false
    /// A command starts an app of another folder as well.
    package var isContested = false
    /// What was found of entry points, for the detector of them.
    var candidates: FoundEntries?

    package var python: PythonSources { program.sources }
    package var index: PythonIndex { program.index }

    package init(
        project: Project,
        program: PythonProgram = PythonProgram(PythonSources()),
        dockerfiles: [Dockerfile] = [],
        documents: [String: [ConfigNode]] = [:]
    ) {
        self.project = project
        self.program = program
        self.dockerfiles = dockerfiles
        self.documents = documents
    }

    /// The app's code; found once for an entry point.
    var code: AppCode { program.memo.value("code\0\(appKey)") { AppCode(self) } }

    /// Follows the names of the app's code; made once for an entry point.
    var resolver: NameResolver { program.memo.value("resolver\0\(appKey)") { NameResolver(self) } }

    /// What the app answers to; made once for an entry point.
    package var routes: AppRoutes { program.memo.value("routes\0\(appKey)") { AppRoutes(self) } }

    /// All that decides which code is the app's.
    private var appKey: String {
        let parts = [root, facts.entry?.target, facts.entry?.importRoot, facts.manager?.workspace]
        return parts.map { $0 ?? "" }.joined(separator: "\0")
    }

    /// A path below the app's folder, from the scanned folder.
    package func path(_ name: String) -> String { root.isEmpty ? name : "\(root)/\(name)" }

    /// The first document of a file.
    package func document(_ path: String) -> ConfigNode? { documents[path]?.first }

    /// Whether a dependency is declared, by its normalised name.
    package func depends(on name: String) -> Bool { facts.dependencies.contains { $0.name == name } }
}

/// A command that the project writes down.
package struct FoundCommand: Sendable {
    package enum Source: String, Sendable {
        case dockerfile, procfile, compose, fly, render, railway, cloudbuild, kubernetes
        case appYAML = "app.yaml"
        case heroku = "app.json"
        case script, makefile, pyproject, workflow, supervisor
    }

    package var source: Source
    /// The service, process or target it belongs to: `web`, `worker`.
    package var name: String?
    /// Split into words; variables with a default are filled in, others left as `$PORT`.
    package var words: [String]
    package var place: Place
    /// The working directory, relative to the scanned folder, when it can be told.
    package var folder: String
    package var environment: [String: String] = [:]
    /// In a file for development or tests: `Dockerfile.dev`, `docker-compose.override.yml`.
    package var isDevelopment = false
    /// It is what starts users' service, as far as its file says: the production stage's command, `web` of a Procfile.
    package var isProduction = false
    /// The Dockerfile in whose image it runs, and the stage.
    package var dockerfile: String?
    package var stage: String?
    /// ``folder`` is what lies in the image's working directory for sure.
    package var isPlaceKnown = false
    /// What it follows from: the Dockerfile's `CMD` that runs the script that this command stands in.
    package var runBy: Place?
    /// Nothing is written down: the base image starts it.
    package var isImplied = false

    package init(_ source: Source, words: [String], place: Place, folder: String = "") {
        self.source = source
        self.words = words
        self.place = place
        self.folder = folder
    }
}
