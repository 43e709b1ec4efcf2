import Model
import Toolkit

/// Plain values that a Compose file or a committed file of variables gives the app, for variables that the code itself has no
/// value for.
struct ComposeValues: Equatable {
    struct Value: Equatable {
        var name: String
        var value: String
        var place: Place
    }

    private(set) var values: [Value] = []

    /// Looks for them.
    ///
    /// Secrets, addresses and what a shell would fill in are for the user to supply; a file for development or tests says
    /// nothing about a Machine.
    init(_ facts: Facts, _ project: Project) {
        let forms = ConnectionForms(facts)
        let wanted = facts.environment.filter { variable in
            variable.defaultValue == nil && !variable.isSecret && variable.absent == nil
                && variable.hasPublicDefault != true
                && forms.purpose(of: variable.name) == .app && !Self.isOfServer(variable.name, facts)
        }
        let names = Set(wanted.map(\.name))
        guard !names.isEmpty else { return }
        var services: Set<String> = []
        for path in facts.existing.compose where !ProductionStage.isAsidePath(path) {
            guard let compose = Compose.read(path, project) else { continue }
            services.formUnion(compose.services.map(\.name))
            for service in compose.services where isApp(service, compose, facts) {
                for variable in service.environment {
                    take(variable.name, variable.value, Place(path, variable.line), names, services)
                }
            }
        }
        for path in CommittedEnvironment.files(facts, project) {
            for (name, value, line) in EnvironmentFiles.assignments(project.text(path) ?? "") {
                take(name, value, Place(path, line), names, services)
            }
        }
    }

    // MARK: - Private

    private mutating func take(
        _ name: String,
        _ value: String?,
        _ place: Place,
        _ names: Set<String>,
        _ services: Set<String>
    ) {
        guard names.contains(name), let value, Self.isPlain(value), !services.contains(value),
            !Self.isOfDevelopment(name, value), !values.contains(where: { $0.name == name })
        else { return }
        values.append(Value(name: name, value: value, place: place))
    }

    private func isApp(_ service: Compose.Service, _ compose: Compose, _ facts: Facts) -> Bool {
        guard let build = compose.build(of: service), !ProductionStage.isAside(service.name) else { return false }
        return build.dockerfile == facts.existing.dockerfile && facts.existing.dockerfile != nil
    }

    private static func isOfServer(_ name: String, _ facts: Facts) -> Bool {
        ["HOST", "PORT", "WEB_CONCURRENCY", "PYTHONPATH"].contains(name.uppercased()) || name == facts.port?.variable
            || name == facts.server?.hostVariable || EnvironmentDetector.modes.contains(name)
    }

    /// Whether a value is one that a developer wants of a Compose file: a Machine must not show tracebacks for it.
    private static func isOfDevelopment(_ name: String, _ value: String) -> Bool {
        let words = Set(name.uppercased().split(separator: "_").map(String.init))
        let switches: Set = [
            "DEBUG", "RELOAD", "ENV", "ENVIRONMENT", "MODE", "STAGE", "TESTING", "TEST", "DEV", "ECHO",
        ]
        let values = Vocabulary.development.union(["debug", "console"])
        return !words.isDisjoint(with: switches) || values.contains(value.lowercased())
    }

    private static func isPlain(_ value: String) -> Bool {
        !value.isEmpty && value.utf8.count <= 200 && value.withoutControls == value && !value.contains("$")
            && !value.contains("://") && !value.hasPrefix("/")
            // `*` and `30` are no places for something else.
            && (value.utf8.count < 3 || Int(value) != nil || !SecretText.isPlaceholder(value))
    }
}
