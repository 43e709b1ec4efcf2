import Model
import Toolkit

/// Plain values that a Compose file gives the app, for variables that the code itself has no value for.
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
        for path in facts.existing.compose where !ProductionStage.isAsidePath(path) {
            guard let text = project.text(path),
                let root = try? ConfigFormat(path: path).parse(Array(text.utf8), file: path)
            else { continue }
            let compose = Compose(root, path: path)
            let services = Set(compose.services.map(\.name))
            for service in compose.services where isApp(service, compose, facts) {
                for variable in service.environment where names.contains(variable.name) {
                    guard let value = variable.value, Self.isPlain(value), !services.contains(value),
                        !Self.isOfDevelopment(variable.name, value),
                        !values.contains(where: { $0.name == variable.name })
                    else { continue }
                    values.append(Value(name: variable.name, value: value, place: Place(path, variable.line)))
                }
            }
        }
    }

    // MARK: - Private

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
            && !value.contains("://") && !SecretText.isPlaceholder(value) && !value.hasPrefix("/")
    }
}
