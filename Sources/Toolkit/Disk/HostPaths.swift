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
    /// How far the store has come; not beside its files by name, so that who moves those leaves it.
    package var mark: String { "\(state)/mark.json" }
    /// Who this host is.
    package var identity: String { "\(state)/host.json" }
    /// The last good copies of the store.
    package var backups: String { "\(state)/store.backup" }
    /// The edge's copy of its routes.
    package var routes: String { "\(edge)/routes.json" }
    /// The resolver's copy of private names.
    package var names: String { "\(edge)/names.json" }
    package var images: String { "\(state)/images" }
    package var machines: String { "\(state)/machines" }
    package var volumes: String { "\(state)/volumes" }
    /// What was kept of volumes.
    package var snapshots: String { "\(state)/snapshots" }
    /// Files in which a person may leave secrets for apps; they are taken in.
    package var environment: String { "\(state)/env" }
    /// What opens secrets, and private keys, for root alone: back it up apart from the rest.
    package var keys: String { "\(state)/keys" }
    /// Where backups go and how they went, and what one is laid out in while it is made.
    package var backup: String { "\(state)/backup" }
    package var edge: String { "\(state)/edge" }
    package var rollouts: String { "\(state)/rollouts" }
    /// What was changed, by whom.
    package var activity: String { "\(state)/activity.jsonl" }
    /// Which alerts people were told of.
    package var alerts: String { "\(state)/alerts.json" }
    /// Lines of logs on their way to receivers, and how far they have come.
    package var logDrains: String { "\(state)/log-drains" }
    /// Certificates of the API's port.
    package var apiTLS: String { "\(state)/api-tls" }
    /// The API inside Machines: a folder with a socket for each.
    package var guests: String { "\(run)/guests" }
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
