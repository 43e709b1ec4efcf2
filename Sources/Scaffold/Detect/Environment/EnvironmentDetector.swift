import Model

/// Finds the environment variables that an app reads.
package enum EnvironmentDetector {
    /// Sets ``Facts/environment``: sorted by name, each name once.
    package static func detect(_ context: inout ScanContext) {
        var found = variables(in: context)
        for index in found.indices where modes.contains(found[index].name) {
            if StartGuards(context).has(found[index].name) { found[index].guardsStart = true }
        }
        context.facts.environment = found
    }

    /// Variables that say whether it is production.
    static let modes: Set<String> = ["ENVIRONMENT", "APP_ENV"]

    /// The variables, from code first, then from files that list them.
    static func variables(in context: ScanContext) -> [Facts.Variable] {
        let code = context.code
        var collection = Collection()
        for use in SettingsFields.uses(in: code) + EnvironmentCalls.uses(in: code, project: context.project) {
            collection.add(use)
        }
        let isKnown = !collection.isEmpty
        for use in EnvironmentFiles.uses(in: context) {
            // Above the app's folder stands what all parts of a repository need.
            let isElsewhere =
                isKnown && !TreePath.lies(use.place.file, in: context.root) && !ComposeFiles.isCompose(use.place.file)
            if !isElsewhere { collection.add(use) }
        }
        let absent = AbsentServices(context)
        return collection.variables { variable, value in absent.find(variable, value) }
    }

    /// A place where a variable is read or listed.
    struct Use: Sendable {
        var name: String
        /// The app does not start without it.
        var isRequired: Bool
        /// The type says that it is secret (`SecretStr`) or that it is not (`int`); nil when the name has to tell.
        var isSecret: Bool?
        var defaultValue: String?
        var place: Place
        /// The import of the app ends without it.
        var stopsImport = false
        /// The code sets it itself when nobody else has.
        var isProvided = false
        /// It is made a number where it is read.
        var isNumber = false
        /// It is set here and not read.
        var isAssigned = false
        /// Listed in a file, not read by code.
        var isListed = false
    }

    // MARK: - Private

    private struct Collection {
        private var found: [String: Facts.Variable] = [:]
        private var provided: Set<String> = []

        var isEmpty: Bool { found.isEmpty }

        mutating func add(_ use: Use) {
            guard !use.isAssigned else {
                provided.insert(use.name)
                return
            }
            if use.isListed, found[use.name] == nil, EnvironmentNames.isOfFrontend(use.name) { return }
            guard EnvironmentNames.isName(use.name), !EnvironmentNames.isSystem(use.name) else { return }
            let isSecret = use.isSecret ?? EnvironmentNames.isSecret(use.name)
            guard var known = found[use.name] else {
                var variable = Facts.Variable(use.name, isRequired: use.isRequired, isSecret: isSecret)
                variable.defaultValue = use.defaultValue
                variable.place = use.place
                if use.stopsImport { variable.stopsImport = true }
                if use.isNumber { variable.isNumber = true }
                if use.isProvided { provided.insert(use.name) }
                found[use.name] = variable
                return
            }
            if use.isProvided { provided.insert(use.name) }
            if use.isNumber { known.isNumber = true }
            if use.stopsImport {
                // The place that needs it most tells best.
                if known.stopsImport != true { known.place = use.place }
                known.stopsImport = true
            } else if use.isRequired, !known.isRequired {
                known.place = use.place
            }
            guard !use.isListed || use.isRequired || use.isSecret == true else { return }
            known.isRequired = known.isRequired || use.isRequired
            known.isSecret = known.isSecret || (use.isSecret ?? false)
            known.defaultValue = known.defaultValue ?? use.defaultValue
            found[use.name] = known
        }

        /// A value that would be a secret, or that is one by its looks, is never told.
        func variables(absent: (Facts.Variable, String) -> Facts.Absent?) -> [Facts.Variable] {
            found.values.sorted { $0.name < $1.name }.map { variable in
                var variable = variable
                if provided.contains(variable.name) {
                    variable.isRequired = false
                    variable.stopsImport = nil
                }
                guard let value = variable.defaultValue else { return variable }
                variable.absent = absent(variable, value)
                if EnvironmentNames.isAddressOfStore(value) { variable.isSecret = true }
                if variable.isSecret, LiteralSecret.signs(variable.name), !value.isEmpty,
                    SecretText.isPlaceholder(value) || SecretText.isWeak(value)
                {
                    variable.hasPublicDefault = true
                }
                let isUnfit = value.count > 200 || value.withoutControls != value
                if variable.isSecret || variable.isRequired || isUnfit { variable.defaultValue = nil }
                return variable
            }
        }
    }
}
