import ArgumentParser
import Foundation
import Model
import Scaffold
import Toolkit

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the files for another place to run the app.",
        discussion: """
            TARGET is one of \(ExportTarget.allCases.map(\.rawValue).joined(separator: ", ")). What fly.toml says counts \
            more than what is found in the code. A file that is there already is never overwritten: what would change \
            is shown, and --force keeps the old one beside it as .orig. What the target can't express is said.
            """
    )

    @Argument(help: "Where to: compose, k8s, …") var target: ExportTarget
    @Argument(help: "The project's folder.") var folder = "."
    @Option(name: [.short, .long], help: "The folder to write to; the project's own if left out.") var output: String?
    @Option(help: "The host name that the app answers to.") var domain: String?
    @Option(help: "The image: registry.example.com/shop:1.0.0.") var image: String?
    @Option(help: "compose: the proxy before the app, nginx or traefik.") var proxy = ExportOptions.Proxy.nginx
    @Option(help: "nginx: the version to write for.") var nginxVersion = ExportOptions().nginxVersion
    @Flag(help: "k8s: run migrations as a Job instead of an init container.") var migrationJob = false
    @Flag(help: "Print the files instead of writing them.") var plan = false
    @Flag(help: "Replace files that are there; the old ones stay as .orig.") var force = false
    @Flag(name: [.short, .long], help: "Print JSON, write nothing.") var json = false

    func run() async throws {
        let scan = try await Scan.run(folder: folder)
        var options = ExportOptions()
        options.domain = domain
        options.image = image
        options.proxy = proxy
        options.nginxVersion = nginxVersion
        options.migrationJob = migrationJob
        options.stamp = try FactsStamp.text(scan.facts)
        let input = ExportInput(
            facts: scan.facts,
            config: try ProjectConfig.ifAny(in: folder)?.config,
            options: options,
            project: scan.context.project
        )
        let made = try Exporter.export(target, input)
        if json { return try Output.json(made) }
        if plan {
            for file in made.files { print("==> \(file.path)\n\(file.text)") }
        } else {
            let place = output ?? folder
            guard try WrittenFiles(folder: place).write(made.files, force: force) else { throw ExitCode(1) }
        }
        for note in made.notes { Output.warn("Note: \(note)") }
        for name in made.needed { Output.warn("You must supply: \(name)") }
    }
}

extension ExportTarget: ExpressibleByArgument {}
extension ExportOptions.Proxy: ExpressibleByArgument {}
