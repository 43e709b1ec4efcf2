import Model
import Toolkit

/// The host's users that a Machine's users are: number 0 inside is the first of them.
///
/// None of them has an account, owns a file or is in a group.
struct UserRange: Equatable {
    /// The host's number of the Machine's root.
    let base: UInt32

    /// As many as programs expect; 65534 is `nobody`.
    static let count: UInt32 = 65_536

    /// What systemd leaves to containers: 524288 to 1879048191, without the part that `useradd` hands out.
    ///
    /// > Source: systemd, "Users, Groups, UIDs and GIDs on systemd Systems".
    private static let first: UInt32 = 0x1000_0000
    private static let ranges: UInt32 = 0x6000

    init(base: UInt32) {
        self.base = base
    }

    /// A range for each number of an instance's address plan, so that no two Machines of an instance share one.
    ///
    /// Instances on one host may, if their names fall on the same sixth of all ranges.
    init(instance: String, number: UInt32) {
        let block = HostPaths.fnv1a(instance) % (Self.ranges / 4096)
        base = Self.first + (block * 4096 + number % 4096) * Self.count
    }
}
