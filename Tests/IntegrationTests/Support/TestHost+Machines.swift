import Foundation
import Model

extension TestHost {
    /// What the API says of an app's Machines, in the order of their IDs.
    func machines(_ app: String) async throws -> [MachineView] {
        let text = try await done("machine", "list", "-a", app, "--json")
        return try JSONDecoder().decode([MachineView].self, from: Data(text.utf8)).sorted { $0.id < $1.id }
    }

    /// The host's process IDs of each Machine's first process, by Machine.
    func pids(_ app: String) async throws -> [String: Int32] {
        var pids: [String: Int32] = [:]
        for machine in try await machines(app) {
            let text = try await Shell.line("cat \(run)/oci/\(machine.id)/state.json")
            let state = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            guard let pid = state?["init_process_pid"] as? Int else { throw Failure("no pid in \(text.prefix(80))") }
            pids[machine.id] = Int32(pid)
        }
        return pids
    }
}
