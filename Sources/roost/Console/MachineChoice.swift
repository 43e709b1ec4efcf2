import Client
import Foundation
import Model

/// Which Machine of an app is meant where none, or only a group, is named.
struct MachineChoice {
    let app: String
    var group: String?
    /// Ask a person, when several run.
    var asks = false
    /// One that sleeps will do, too.
    var wakes = false

    /// - Throws: ``Fault`` `invalidState` when none runs.
    func running(_ named: Machine.ID?, _ client: RoostClient) async throws -> String {
        if let named { return named.text }
        let all = try await client.get(apiPath("apps", app, "machines"), as: [MachineView].self).filter { machine in
            let own = machine.config.metadata[MachineConfig.groupKey] ?? ""
            guard !Machine.passingGroups.contains(own) else { return false }
            return group.map { $0 == own } ?? true
        }
        let running = all.filter { $0.state == "started" }
        if asks, running.count > 1, Terminal.hasPerson { return try pick(running) }
        if let first = running.first { return first.id }
        guard wakes, let sleeping = all.first(where: { $0.state == "stopped" || $0.state == "suspended" }) else {
            throw Fault(
                .invalidState,
                "no Machine of \(app) runs\(group.map { " in group \(Output.harmless($0))" } ?? "")",
                hint: all.first.map { "start one: roost machine start \($0.id) -a \(app)" }
                    ?? "deploy it: roost deploy FOLDER"
            )
        }
        return sleeping.id
    }

    private func pick(_ machines: [MachineView]) throws -> String {
        for (index, machine) in machines.enumerated() {
            let group = machine.config.metadata[MachineConfig.groupKey] ?? "-"
            Output.warn("\(index + 1)  \(machine.id)  \(Output.harmless(group))  \(machine.region)")
        }
        guard let answer = try Person.ask("Which one? ", isSecret: false), let number = Int(answer),
            machines.indices.contains(number - 1)
        else { throw Fault(.cancelled, "no Machine was chosen") }
        return machines[number - 1].id
    }
}
