/// Fly's named sizes and the limits of a Machine's CPUs and memory.
///
/// > Source: fly-go `machine_types.go`, `MachinePresets`, and flyctl `internal/machine/update.go`.
package enum GuestSize {
    /// Sizes by name, smallest first.
    package static let presets: [(name: String, guest: MachineConfig.Guest)] = {
        let shared = [1, 2, 4, 6, 8].map { cpus in
            (
                name: "shared-cpu-\(cpus)x",
                guest: MachineConfig.Guest(cpuKind: .shared, cpus: cpus, memoryMiB: 256 * cpus)
            )
        }
        let performance = [1, 2, 4, 6, 8, 10, 12, 14, 16].map { cpus in
            (
                name: "performance-\(cpus)x",
                guest: MachineConfig.Guest(cpuKind: .performance, cpus: cpus, memoryMiB: 2048 * cpus)
            )
        }
        return shared + performance
    }()

    /// Sizes with a GPU, which Fly has withdrawn.
    package static let withdrawn = ["a100-40gb", "a100-80gb", "l40s", "a10"]

    /// The size that one of Fly's names stands for, `shared-cpu-2x`; nil for any other word.
    package static func preset(_ name: String) -> MachineConfig.Guest? {
        presets.first { $0.name == name }?.guest
    }

    /// What is wrong with a size, as "found …, expected …"; nil when nothing is.
    package static func objection(to guest: MachineConfig.Guest) -> String? {
        let counts = cpuCounts(guest.cpuKind)
        guard counts.contains(guest.cpus) else {
            let list = counts.map(String.init)
            return "found \(guest.cpus) \(guest.cpuKind.rawValue) CPUs, expected \(ConfigReport.oneOf(list))"
        }
        let step = guest.cpuKind == .shared ? 256 : 1024
        let least = (guest.cpuKind == .shared ? 256 : 2048) * guest.cpus
        let most = (guest.cpuKind == .shared ? 2048 : 8192) * guest.cpus
        guard (least...most).contains(guest.memoryMiB), guest.memoryMiB.isMultiple(of: step) else {
            return "found \(guest.memoryMiB) MiB of memory for \(guest.cpus) \(guest.cpuKind.rawValue) "
                + "CPU\(guest.cpus == 1 ? "" : "s"), expected \(least) to \(most) MiB in steps of \(step)"
        }
        return nil
    }

    // MARK: - Private

    private static func cpuCounts(_ kind: MachineConfig.CPUKind) -> [Int] {
        switch kind {
        case .shared: [1, 2, 4, 6, 8]
        case .performance, .unknown: [1, 2, 4, 6, 8, 10, 12, 14, 16, 32, 64, 128]
        }
    }
}
