extension MachineConfig {
    /// Where a Machine's program tells its own numbers, as text for Prometheus.
    ///
    /// > Source: `fly-toml`, section 18.
    package struct Metrics: Equatable, Sendable {
        package var port: Int
        package var path: String

        package init(port: Int, path: String? = nil) {
            self.port = port
            self.path = path ?? Self.usualPath
        }

        /// Where nearly all programs have them.
        package static let usualPath = "/metrics"
    }
}

extension MachineConfig.Metrics: KeyedForm {
    package static var blank: Self { Self(port: 0) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("port", &port)
        try form.field("path", &path)
    }
}
