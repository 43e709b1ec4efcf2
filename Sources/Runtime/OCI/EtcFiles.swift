import Model

/// What stands in a Machine's `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`.
///
/// > Source: `proxy-dns`, section 18.2.
struct EtcFiles {
    var hostname: String
    var address: Machine.Address
    var aliases: [HostAlias] = []
    var nameservers: [String]

    /// What the Machine itself wants of it.
    var dns = MachineConfig.DNS()

    var hosts: String {
        let names = [dns.fullHostname, hostname].compactMap(\.self).joined(separator: " ")
        return """
            127.0.0.1 localhost
            ::1 localhost ip6-localhost ip6-loopback
            fe00::0 ip6-localnet
            ff02::1 ip6-allnodes
            ff02::2 ip6-allrouters
            \(address.ipv6) \(names) fly-local-6pn
            \(address.ipv4) \(names)

            """ + aliases.map { "\($0.address) \($0.name)\n" }.joined()
    }

    var hostnameFile: String { "\(hostname)\n" }

    /// Neither the host's search list nor more dots than a name needs: a name outside costs one question a type.
    ///
    /// Empty when neither the Machine nor the host names a server that could be reached.
    var resolv: String {
        let servers = dns.nameservers.isEmpty ? nameservers : dns.nameservers
        guard !servers.isEmpty else { return "" }
        var lines = servers.map { "nameserver \($0)" }
        if !dns.searches.isEmpty { lines.append("search \(dns.searches.joined(separator: " "))") }
        let options = dns.options.isEmpty ? ["ndots:1", "timeout:2"] : dns.options
        lines.append("options \(options.joined(separator: " "))")
        return lines.map { "\($0)\n" }.joined()
    }
}
