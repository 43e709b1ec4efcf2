import Model

extension Nameservers {
    /// Those of the host that are reachable from another network namespace.
    ///
    /// systemd-resolved writes its own loopback address into `/etc/resolv.conf`, and the real ones elsewhere.
    static func ofHost() -> [String] {
        for path in ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"] {
            let found = reachable(KernelFile.read(path) ?? "")
            if !found.isEmpty { return found }
        }
        return []
    }
}
