/// A configuration that a Machine had.
package struct MachineVersion: Equatable, Sendable {
    /// ``Machine/Spec/instance`` of that time.
    package var instance: String
    package var config: MachineConfig
    package var at: Timestamp

    package init(instance: String, config: MachineConfig, at: Timestamp) {
        self.instance = instance
        self.config = config
        self.at = at
    }

    /// As many of a Machine's are kept.
    package static let kept = 20
}

extension MachineVersion: KeyedForm {
    package static var blank: MachineVersion {
        MachineVersion(instance: "", config: .blank, at: Timestamp(milliseconds: 0))
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("instance", &instance)
        try form.need("config", &config)
        try form.field("at", &at)
    }
}
