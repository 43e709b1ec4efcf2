extension MachineConfig {
    /// Whom a Machine asks for names, instead of whom the host asks.
    ///
    /// > Source: `machines-api`, section 10, `dns`.
    package struct DNS: Equatable, Sendable {
        package var nameservers: [String] = []
        package var searches: [String] = []
        /// As in `resolv.conf`: `ndots:1`.
        package var options: [String] = []
        package var hostname: String?
        /// The same with its domain, for `/etc/hosts`.
        package var fullHostname: String?

        package init() {}
    }
}

extension MachineConfig.DNS: KeyedForm {
    package static var blank: MachineConfig.DNS { MachineConfig.DNS() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("nameservers", &nameservers)
        try form.field("searches", &searches)
        try form.field("options", &options)
        try form.field("hostname", &hostname)
        try form.field("hostname_fqdn", &fullHostname)
    }
}
