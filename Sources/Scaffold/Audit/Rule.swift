package import Model
package import Toolkit

/// One thing that the audit looks for: its documentation, its examples and its check in one value.
///
/// `docs/rules/` is made from these values, and a test runs every example.
package struct Rule: Sendable {
    /// A letter for the area (D container, S server, A application, B database, C deploy files) and two digits.
    package var id: String
    /// The worst severity that it gives.
    package var severity: Severity
    /// In a few words, as a heading: "Final stage runs as root".
    package var title: String
    /// What happens otherwise, in a sentence or two.
    package var why: String
    /// What to do, in general.
    package var fix: String
    /// Where the fact is from: an address, or a document with its section.
    package var reference: String
    /// Where it does not apply although it looks so.
    package var exceptions: String
    /// Targets it applies to; empty is all.
    package var targets: Set<AuditTarget>
    /// A project, file by file, in which it finds something.
    package var bad: [String: String]
    /// A project in which it finds nothing.
    package var good: [String: String]
    /// Where ``bad`` is wrong: `Dockerfile:3`; empty leaves it open.
    package var places: [String]
    /// Other rules that find something in ``bad`` as well.
    package var also: Set<String>
    package var check: @Sendable (AuditContext) -> [Finding]

    package init(
        _ id: String,
        _ severity: Severity,
        _ title: String,
        why: String,
        fix: String,
        reference: String,
        exceptions: String = "",
        targets: Set<AuditTarget> = [],
        bad: [String: String],
        good: [String: String],
        at places: [String] = [],
        also: Set<String> = [],
        check: @escaping @Sendable (AuditContext) -> [Finding]
    ) {
        self.id = id
        self.severity = severity
        self.title = title
        self.why = why
        self.fix = fix
        self.reference = reference
        self.exceptions = exceptions
        self.targets = targets
        self.bad = bad
        self.good = good
        self.places = places
        self.also = also
        self.check = check
    }
}

/// Where the project is meant to run.
package enum AuditTarget: String, Codable, Sendable, CaseIterable {
    case roost, fly, compose, k8s, ecs, cloudrun, heroku
}

/// All that a rule may look at; made once for an audit.
package struct AuditContext: Sendable {
    package var project: Project
    package var facts: Facts
    package var target: AuditTarget
    package let program: PythonProgram
    /// All Dockerfiles, by path.
    package var dockerfiles: [String: Dockerfile]
    /// The one that production is built from.
    package var dockerfile: Dockerfile?
    /// Parsed TOML, YAML and JSON files by path; a YAML file with several documents has several.
    package var documents: [String: [ConfigNode]]
    /// The checked `fly.toml`, when there is one that can be read.
    package var config: AppConfig?
    /// Machines that the configuration asks for: the most that may run at once, 1 when nothing says more.
    package var machines: Int
    /// Worker processes in each.
    package var workers: Int
    /// Every command that is written down somewhere, scripts followed.
    package var commands: [FoundCommand] = []
    /// The stage of ``dockerfile`` that becomes the image, by its line.
    package var stageLine: Int?
    /// The folder that the image is built from, relative to the project.
    package var buildFolder = ""
    /// The file of ``config``, also when it can't be read.
    package var configPath: String?
    /// Files of the app that Python can't parse.
    package var syntax: [SyntaxProblem] = []
    /// What could not be looked at, in sentences.
    package var problems: [String] = []
    /// The user named the target; else all files that are there count.
    package var isTargetGiven = false
    /// What rules work out once and share; nothing else of the context may change after its first use.
    package let memo = Memo()

    package var python: PythonSources { program.sources }

    package init(project: Project, facts: Facts, target: AuditTarget, program: PythonProgram) {
        self.project = project
        self.facts = facts
        self.target = target
        self.program = program
        dockerfiles = [:]
        documents = [:]
        machines = 1
        workers = 1
    }
}
