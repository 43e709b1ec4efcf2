extension MachineConfig {
    /// What a Machine's program is told beside `env`, as one process of Fly's `processes` says.
    package struct Environment: Equatable, Sendable {
        /// Variable to the name of a secret of the app.
        package var secrets: [String: String] = [:]
        /// Variable to a fact of the Machine, one of ``fields``.
        package var facts: [String: String] = [:]
        /// Of the app's secrets only those in `secrets`.
        package var ignoresAppSecrets = false

        package init() {}

        /// > Source: `machines-api`, section 10, `field_ref`.
        package static let fields = ["app_name", "id", "image", "private_ip", "region", "version"]

        /// What a program is told of its app's secrets.
        ///
        /// - Parameter all: those that the app has.
        /// - Returns: variable to value; a secret that the app does not have is no variable.
        package func told(_ all: [String: String]) -> [String: String] {
            var told = ignoresAppSecrets ? [:] : all
            for (variable, name) in secrets { told[variable] = all[name] }
            return told
        }
    }
}

extension MachineConfig.Environment: KeyedForm {
    package static var blank: MachineConfig.Environment { MachineConfig.Environment() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("secrets", &secrets)
        try form.field("facts", &facts)
        try form.field("ignores_app_secrets", &ignoresAppSecrets)
    }
}
