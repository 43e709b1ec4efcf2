import Foundation
import Toolkit

/// Recognises apps of other languages than Python, and anything that brings its own Dockerfile.
///
/// It runs after the Python detectors and keeps still when they found an app. It looks at the app's own folder first; if
/// nothing is there, at the folders below, so that a tree of several apps is listed instead of given up.
package enum FrameworkDetector {
    package static func detect(_ context: inout ScanContext) {
        guard context.facts.entry == nil else { return }
        if let found = recognise(context.project, in: context.root) {
            found.fill(&context.facts)
            return useDockerfile(&context)
        }
        if context.facts.existing.dockerfile != nil {
            context.facts.framework = context.facts.framework ?? .dockerfile
            context.facts.kind = .app
            return useDockerfile(&context)
        }
        guard context.facts.framework == nil else { return }
        let below = roots(in: context.project)
        if below.count == 1, let folder = below.first?.folder, let found = recognise(context.project, in: folder) {
            context.root = folder
            context.facts.root = folder
            return found.fill(&context.facts)
        }
        guard !below.isEmpty else { return }
        context.facts.roots = below
        context.facts.kind = .collection
    }

    /// Folders that hold an app of a language other than Python, at most three deep, none inside another.
    package static func roots(in project: Project) -> [Facts.Root] {
        var found: [Facts.Root] = []
        for folder in folders(of: project) {
            guard !found.contains(where: { folder.hasPrefix($0.folder + "/") }) else { continue }
            guard !isAside(folder), let app = recognise(project, in: folder) else { continue }
            found.append(Facts.Root(folder: folder, framework: app.framework))
        }
        return found
    }

    /// What a folder itself holds; the most telling framework counts, a static page only when nothing else is there.
    static func recognise(_ project: Project, in folder: String) -> RecognisedApp? {
        let here = AppFolder(project: project, path: folder)
        let detectors: [(AppFolder) -> RecognisedApp?] = [
            LaravelApp.recognise, PhoenixApp.recognise, RailsApp.recognise, DenoApp.recognise, JavaScriptApp.recognise,
            GoApp.recognise, RustApp.recognise, RubyApp.recognise, ElixirApp.recognise, DotnetApp.recognise,
            PHPApp.recognise, StaticSite.recognise,
        ]
        for detector in detectors {
            guard let app = detector(here) else { continue }
            return app
        }
        return nil
    }

    // MARK: - Private

    /// The folders of the project's files at most three levels down, shallow ones first.
    private static func folders(of project: Project) -> [String] {
        var seen: Set<String> = []
        for file in project.files {
            let parts = file.split(separator: "/").dropLast()
            guard (1...3).contains(parts.count) else { continue }
            for count in 1...parts.count { seen.insert(parts.prefix(count).joined(separator: "/")) }
        }
        return seen.sorted { ($0.split(separator: "/").count, $0) < ($1.split(separator: "/").count, $1) }
    }

    private static let aside = Vocabulary.testFolders.union(Vocabulary.exampleFolders).union([
        "fixtures", "public", "static", "templates", "assets", "dist", "build", "coverage", "htmlcov",
    ])

    private static func isAside(_ folder: String) -> Bool {
        folder.split(separator: "/").contains { aside.contains($0.lowercased()) }
    }

    /// A Dockerfile of the project is what is built, so its port counts.
    private static func useDockerfile(_ context: inout ScanContext) {
        guard let path = context.facts.existing.dockerfile,
            let file = context.dockerfiles.first(where: { $0.path == path }),
            let stage = file.stage(target: context.facts.existing.dockerTarget)
        else { return }
        let exposed = file.lineage(of: stage).flatMap(\.instructions).last { $0.word == "EXPOSE" }
        if let exposed, let number = Int(exposed.text.prefix { $0.isNumber }), (1...65_535).contains(number) {
            context.facts.port = Facts.Port(number)
            context.facts.port?.evidence = [.init(Place(path, exposed.line), "EXPOSE \(number)")]
        } else if context.facts.port == nil {
            context.facts.port = Facts.Port(8080)
        }
        for line in file.lineage(of: stage).flatMap(\.instructions) where line.word == "VOLUME" {
            let paths = line.exec ?? line.text.split(separator: " ").map(String.init)
            for path in paths where path.hasPrefix("/") && !context.facts.writePaths.contains(path) {
                context.facts.writePaths.append(path)
            }
        }
    }
}

/// A folder that may hold an app.
struct AppFolder {
    let project: Project
    /// Relative to the project; empty is all of it.
    let path: String

    func name(_ file: String) -> String { path.isEmpty ? file : "\(path)/\(file)" }
    func has(_ file: String) -> Bool { project.has(name(file)) }
    func text(_ file: String) -> String? { project.text(name(file)) }
    func place(_ file: String, _ line: Int? = nil) -> Place { Place(name(file), line) }

    /// The files that stand right here.
    var files: [String] {
        project.files(under: path).compactMap { file in
            let rest = path.isEmpty ? Substring(file) : file.dropFirst(path.count + 1)
            return rest.contains("/") ? nil : String(rest)
        }
    }

    /// The first of these files that is there.
    func first(_ names: String...) -> String? { names.first { has($0) } }

    /// The first group of a regular expression's first match in a file.
    func match(_ pattern: String, in file: String) -> String? {
        guard let text = text(file) else { return nil }
        return AppFolder.match(pattern, in: text)
    }

    static func match(_ pattern: String, in text: String) -> String? {
        guard let regex = try? NSRegularExpression(pattern: pattern, options: [.anchorsMatchLines]) else { return nil }
        let text = String(text.prefix(200_000))
        guard let found = regex.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)),
            found.numberOfRanges > 1, let range = Range(found.range(at: 1), in: text)
        else { return nil }
        return String(text[range])
    }
}

/// An app that was recognised: what it adds to the facts.
struct RecognisedApp {
    var framework: Facts.Framework
    var recipe: Facts.Recipe
    var port: Int
    var evidence: Facts.Evidence
    /// Variables that it needs: name and whether it is a secret.
    var secrets: [String] = []
    var database: Facts.Database.Engine?
    var migrations: Facts.Migrations?
    var health: String?
    var warnings: [String] = []

    init(_ framework: Facts.Framework, _ recipe: Facts.Recipe, port: Int, evidence: Facts.Evidence) {
        self.framework = framework
        self.recipe = recipe
        self.port = port
        self.evidence = evidence
    }

    func fill(_ facts: inout Facts) {
        facts.kind = .app
        facts.framework = framework
        facts.recipe = recipe
        facts.port = Facts.Port(port)
        facts.port?.evidence = [evidence]
        for name in secrets where !facts.environment.contains(where: { $0.name == name }) {
            facts.environment.append(Facts.Variable(name, isRequired: true, isSecret: true))
        }
        facts.environment.sort { $0.name < $1.name }
        if let database, facts.database == nil {
            facts.database = Facts.Database(database)
            facts.database?.evidence = [evidence]
            facts.database?.variable = "DATABASE_URL"
        }
        if facts.migrations == nil { facts.migrations = migrations }
        if let health, facts.health.path == nil { facts.health.live = health }
        facts.warnings += warnings.map { Facts.Warning($0, at: evidence.place) }
    }
}
