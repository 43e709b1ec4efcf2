import ArgumentParser
import Foundation
import Model
import Scaffold
import Toolkit

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a fly.toml of another platform's file.",
        discussion: "Secrets are named and never written; what has no place in a fly.toml is said."
    )

    enum Source: String, CaseIterable, ExpressibleByArgument {
        case procfile, compose, render, kubernetes
        case appJSON = "app.json"
    }

    @Argument(help: "procfile, compose, app.json, render or kubernetes.") var source: Source
    @Argument(help: "The file.") var file: String
    @Option(help: "The app's name; that of the file's folder if left out.") var name: String?
    @Option(name: [.short, .long], help: "Where to write; fly.toml beside the file if left out.") var output: String?
    @Flag(help: "Print it instead of writing it.") var plan = false
    @Flag(help: "Replace a fly.toml that is there; the old one stays as .orig.") var force = false

    func run() async throws {
        let folder = (URL(fileURLWithPath: file).standardizedFileURL.deletingLastPathComponent().path)
        let made = try imported(try text(file), app: name ?? (folder as NSString).lastPathComponent, folder)
        if plan {
            print(made.text, terminator: "")
        } else {
            let target = output.map { URL(fileURLWithPath: $0).standardizedFileURL.path } ?? "\(folder)/fly.toml"
            let place = target as NSString
            let artefact = Artefact(place.lastPathComponent, made.text)
            let files = WrittenFiles(folder: place.deletingLastPathComponent)
            guard try files.write([artefact], force: force) else { throw ExitCode(1) }
        }
        for note in made.notes { Output.warn("Note: \(note)") }
        for name in made.needed { Output.warn("You must supply: \(name)") }
    }

    // MARK: - Private

    private func imported(_ text: String, app: String, _ folder: String) throws(Fault) -> Imported {
        let last = (file as NSString).lastPathComponent
        switch source {
        case .procfile: return try Importer.procfile(text, app: app)
        case .compose:
            return try Importer.compose(text, file: last, app: app) { path in
                path.hasPrefix("..") || path.hasPrefix("/") ? nil : try? self.text("\(folder)/\(path)")
            }
        case .render: return try Importer.render(text, app: app)
        case .kubernetes: return try Importer.kubernetes(text, file: last, app: app)
        case .appJSON:
            let procfile = try? self.text("\(folder)/Procfile")
            return try Importer.appJSON(text, procfile: procfile, app: app)
        }
    }

    private func text(_ path: String) throws(Fault) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Fault(.io, "\(path) can't be read", hint: "is the name right?")
        }
        guard data.count <= 1 << 20 else { throw Fault(.tooLarge, "\(path) has more than a megabyte") }
        return String(decoding: data, as: UTF8.self)
    }
}
