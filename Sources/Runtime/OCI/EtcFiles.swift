import Model

/// What stands in a Machine's `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`.
///
/// > Source: `proxy-dns`, section 18.2.
struct EtcFiles {
    var hostname: String
    var address: Machine.Address
    var nameservers: [String]

    var hosts: String {
        """
        127.0.0.1 localhost
        ::1 localhost ip6-localhost ip6-loopback
        fe00::0 ip6-localnet
        ff02::1 ip6-allnodes
        ff02::2 ip6-allrouters
        \(address.ipv6) \(hostname) fly-local-6pn
        \(address.ipv4) \(hostname)

        """
    }

    var hostnameFile: String { "\(hostname)\n" }

    /// Empty when the host has no server that a Machine could reach.
    var resolv: String { nameservers.map { "nameserver \($0)\n" }.joined() }
}
