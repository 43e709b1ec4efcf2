import ArgumentParser
import Foundation
import Model
import Scaffold
import Toolkit

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Say what is not ready for production: where, why, and how to mend it.",
        discussion: """
            Nothing of the project is run. Severities: E will fail or can be exploited, W works until it does not, I \
            could be better. Exit codes: 0 nothing as bad as --fail-on, 1 something is, 2 something could not be looked \
            at. `# audit: ignore[ID] reason` on a line, or the line above, answers a finding.
            """
    )

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case text, json, sarif, github
    }

    @Argument(help: "The project's folder.") var folder = "."
    @Option(help: "The app's folder in a tree of several.") var root: String?
    @Option(help: "Where it will run; all files that are there count when left out.") var target: AuditTarget?
    @Option(help: "text, json, sarif or github.") var format = Format.text
    @Option(help: "Show findings from this severity on: E, W or I.") var show = Severity.info
    @Option(help: "End with 1 from this severity on: E, W or I.") var failOn = Severity.error
    @Option(name: .customLong("rule"), help: "Only this rule; may be given more than once.") var rules: [String] = []
    @Flag(help: "Print the production checklist: passed, failed, or to be confirmed by a person.") var checklist = false
    @Flag(help: "Show the mechanical fixes as a diff, and apply it after a yes.") var fix = false
    @Flag(name: [.short, .long], help: "With --fix: don't ask.") var yes = false
    @Option(help: "Explain a rule, and do nothing else.") var explain: String?

    func validate() throws {
        for id in rules + [explain].compactMap({ $0 }) where Rules.named(id) == nil {
            throw ValidationError("there is no rule \(id): docs/rules/README.md lists them all")
        }
    }

    func run() async throws {
        if let explain { return print(Rules.named(explain)?.page ?? "") }
        let scan = try await Scan.run(folder: folder, root: root)
        let context = AuditContext(try await scan.context.withAllCode(), target: target)
        var options = Audit.Options()
        options.only = Set(rules)
        let report = Audit.run(context, options: options)
        if fix { return try apply(report, scan.context.project) }
        switch format {
        case .text: print(AuditText.render(report, threshold: show), terminator: "")
        case .json: print(AuditJSON.render(report, threshold: show), terminator: "")
        case .sarif: print(AuditSARIF.render(report, version: FactsStamp.version), terminator: "")
        case .github: print(AuditGitHub.render(report, threshold: show), terminator: "")
        }
        if checklist, format == .text { print("\n" + AuditText.checklist(report), terminator: "") }
        let code = report.exitCode(threshold: failOn)
        if code != 0 { throw ExitCode(code) }
    }

    // MARK: - Private

    private func apply(_ report: AuditReport, _ project: Project) throws {
        let changes = AuditFix.changes(report, project)
        guard !changes.isEmpty else { return print("Nothing here can be mended mechanically.") }
        print(AuditFix.diff(report, project), terminator: "")
        try Person.confirm("Apply this to \(changes.count) files?", yes: yes)
        for change in changes {
            try WrittenFiles(folder: folder).replace(change.path, with: change.after, expecting: change.before)
            print("Changed \(change.path) (\(change.rules.joined(separator: ", ")))")
        }
    }
}

extension AuditTarget: ExpressibleByArgument {}

extension Severity: ExpressibleByArgument {
    /// `E`, `error` and the like.
    package init?(argument: String) {
        let letter = String(argument.prefix(1)).uppercased()
        self.init(rawValue: letter)
    }
}
