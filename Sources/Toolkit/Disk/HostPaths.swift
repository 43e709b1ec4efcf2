import Foundation

/// Where one instance keeps its things; two instances on one machine share none of them.
package struct HostPaths: Sendable {
    /// `/var/lib/roost`, or `ROOST_STATE`.
    package var state: String
    /// `/run/roost`, or `ROOST_RUN`.
    package var run: String

    package init(state: String, run: String) {
        self.state = state
        self.run = run
    }

    package var database: String { "\(state)/store.db" }
    package var images: String { "\(state)/images" }
    package var machines: String { "\(state)/machines" }
    package var volumes: String { "\(state)/volumes" }
    /// Files with values for apps, for root alone.
    package var environment: String { "\(state)/env" }
    package var edge: String { "\(state)/edge" }
    package var rollouts: String { "\(state)/rollouts" }
    package var apiSocket: String { "\(run)/api.sock" }
    package var edgeSocket: String { "\(run)/edge.sock" }

    /// Tells apart the network devices, cgroups and firewall tables of instances on one machine.
    ///
    /// `roost` for the default state folder; else `r` and five hex digits of an FNV-1a hash of the folder's path, so
    /// that it fits a network device's 15 characters with a suffix.
    package var instance: String {
        if state == "/var/lib/roost" { return "roost" }
        let digits = String(Self.fnv1a(state) & 0xfffff, radix: 16)
        return "r" + String(repeating: "0", count: 5 - digits.count) + digits
    }

    /// A number that is the same for a text in every process; not for security.
    ///
    /// > Source: FNV-1a, 32 bit, Fowler/Noll/Vo.
    package static func fnv1a(_ text: String) -> UInt32 {
        text.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }
}
