import ArgumentParser
import Client
import Foundation
import Model
import Scaffold
import Toolkit

struct Launch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find out what a project is, write what it needs to run, and deploy it.",
        discussion: """
            Reads the folder, runs nothing of it, and prints what it found, where. Writes fly.toml, Dockerfile, \
            .dockerignore and .env.example where they are not there yet; what is there is kept, and changes to it are \
            offered as a diff. --probe starts the app once, in a Machine that nobody can reach.
            """
    )

    @Argument(help: "The project's folder.") var folder = "."
    @OptionGroup var choices: LaunchChoices
    @OptionGroup var tryouts: TryoutOption
    @Flag(name: [.short, .long], help: "Don't ask: create files, leave offered changes alone.") var yes = false
    @Flag(help: "Show the plan, write nothing.") var plan = false
    @Flag(help: "Fail when files that launch wrote are out of date; write nothing.") var check = false
    @Flag(name: [.short, .long], help: "Print what was found as JSON, write nothing.") var json = false
    @Flag(help: "Start the app once to confirm port, health path and memory.") var probe = false
    @Flag(help: "Also make the offered changes to files that are there.") var accept = false
    @Flag(help: "Write the files and stop.") var noDeploy = false
    @Flag(help: "Deploy without asking.") var now = false

    func run() async throws {
        var scan = try await Scan.run(folder: folder, root: choices.root)
        if !check, let outer = OuterProject.find(above: folder, scan) { throw outer.fault() }
        // What was written is compared with the folder alone.
        let python = check ? nil : await LaunchPython.settle(&scan)
        let bases = check ? nil : await LaunchBases.missing(of: scan)
        let plan = try choices.plan(scan, withoutDockerfile: bases, tryouts: tryouts.selection())
        if json { return try Output.json(LaunchOutput(plan, project: scan.context.project)) }
        if check { return try report(plan.check(scan.context.project)) }
        print(plan.text, terminator: "")
        if let python { Output.warning(Output.harmless(python)) }
        if probe { try await tryOut(plan, scan) }
        // Of several apps none is taken in silence, not even for a look.
        if self.plan, plan.facts.roots.count < 2 || plan.question == nil { return }
        try refuse(plan)
        try await finish(try await write(plan, scan), scan)
    }

    // MARK: - Private

    /// Ends here when nothing could be started, or when a person has to say what.
    private func refuse(_ plan: LaunchPlan) throws(Fault) {
        let facts = plan.facts
        guard !facts.roots.isEmpty || plan.question != nil || plan.actions.isEmpty else { return }
        if facts.kind == .app, plan.question == nil, !plan.actions.isEmpty { return }
        let choices = facts.roots.map { root in
            let place = root.folder.isEmpty ? folder : folder == "." ? root.folder : "\(folder)/\(root.folder)"
            let isShared = facts.roots.count { $0.folder == root.folder } > 1
            let entry = isShared ? root.target.map { " --entry \($0)" } ?? "" : ""
            return "roost launch \(Output.harmless(place))\(Output.harmless(entry))"
        }
        throw Fault(
            .unsupported,
            plan.question ?? "there is nothing here that could be launched",
            hint: choices.isEmpty
                ? "say it with --entry module:app, or write a Dockerfile" : choices.joined(separator: "\n")
        )
    }

    /// Makes the changes that are wanted, and then the files.
    ///
    /// - Returns: the plan as it is after the changes: a new health route is one that `fly.toml` asks.
    private func write(_ plan: LaunchPlan, _ scan: ScanResult) async throws -> LaunchPlan {
        let files = WrittenFiles(folder: folder)
        var (plan, scan) = (plan, scan)
        var answered: Set<String> = []
        while let patch = plan.offers.first(where: { !answered.contains("\($0.path): \($0.title)") }) {
            answered.insert("\(patch.path): \(patch.title)")
            print("\n\(patch.title): \(patch.path)\n\(patch.diff)", terminator: "")
            guard try isAccepted(patch) else { continue }
            try files.replace(patch.path, with: patch.text, expecting: scan.context.project.text(patch.path))
            print("Changed \(patch.path)")
            // Each change is one of the file as it is, so those that are left are made anew.
            scan = try await Scan.run(folder: folder, root: choices.root, after: scan)
            _ = await LaunchPython.settle(&scan)
            let bases = await LaunchBases.missing(of: scan)
            plan = try choices.plan(scan, withoutDockerfile: bases, tryouts: tryouts.selection())
        }
        for case .create(let file) in plan.actions { _ = try files.write([file], force: false) }
        return plan
    }

    private func isAccepted(_ patch: CodePatch) throws -> Bool {
        if accept { return true }
        guard !yes, isatty(STDIN_FILENO) == 1 else { return false }
        print("Make this change? (y/N) ", terminator: "")
        fflush(nil)
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }

    private func report(_ stale: [String]) throws {
        for line in stale { Output.warn(line) }
        guard stale.isEmpty else { throw ExitCode(1) }
        print("What launch wrote is up to date.")
    }

    private func tryOut(_ plan: LaunchPlan, _ scan: ScanResult) async throws {
        let config = try ProbeConfig.make(plan, scan.context.project)
        let health = plan.facts.health
        let paths = [health.ready, health.live].compactMap { $0 } + health.candidates
        let folder = plan.folder.isEmpty ? folder : "\(folder)/\(plan.folder)"
        let seen = try await RoostClient.atHost { client in
            var probe = LaunchProbe(client: client, folder: folder, config: config, paths: Array(Set(paths)).sorted())
            if plan.folder.isEmpty { probe.earlier = scan }
            return try await probe.run()
        }
        print("\nprobe")
        let port = config.httpService?.settings.internalPort ?? 8080
        let verdict = seen.ports.contains(port) ? "confirmed" : "NOT as planned (\(port))"
        print("  port       \(seen.ports.map(String.init).joined(separator: ", ")) · \(verdict)")
        for address in seen.unreachable { print("  warning    listens on \(address), which nothing else can reach") }
        for answer in seen.answers {
            print("  health     \(answer.path) · \(Output.harmless(String(answer.output.prefix(80))))")
        }
        if let memory = seen.peakMemoryMiB { print("  memory     \(memory) MiB at most") }
    }

    private func finish(_ plan: LaunchPlan, _ scan: ScanResult) async throws {
        let place = plan.folder.isEmpty ? folder : "\(folder)/\(plan.folder)"
        let next = "roost deploy\(place == "." ? "" : " \(place)")"
        try await makeTryouts(place, scan)
        guard !noDeploy else { return print("\nNext: \(next)") }
        // As `fly launch` does: a yes to everything is a yes to the deploy.
        guard now || yes || (isatty(STDIN_FILENO) == 1 && asksForDeploy()) else { return print("\nNext: \(next)") }
        try await Deploy.plain(place, after: place == folder ? scan : nil).run()
    }

    /// The services that the user wants to try the app out with; made also when the deploy is to come later.
    private func makeTryouts(_ place: String, _ scan: ScanResult) async throws {
        guard let selection = try tryouts.selection() else { return }
        guard let app = try ProjectConfig.ifAny(in: place)?.config.app else {
            throw Fault(.invalidConfig, "\(place)/fly.toml names no app", hint: "add app = \"my-app\" at its top")
        }
        print("")
        try await RoostClient.atHost { client in
            _ = try await TryoutMaker.make(selection, app: app, scan, client)
        }
    }

    private func asksForDeploy() -> Bool {
        print("\nDeploy it now? (y/N) ", terminator: "")
        fflush(nil)
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }
}
