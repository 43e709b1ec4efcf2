import Client
import Foundation
import Model
import Scaffold

/// What the app wants before it starts, looked at before anything is uploaded: asked for on a terminal, said elsewhere.
struct DeployNeeds {
    let client: RoostClient
    let app: String
    let config: AppConfig
    let scan: ScanResult
    /// More lines than this fill a screen without telling more.
    private static let most = 30

    /// - Throws: ``Fault`` `invalidConfig` naming everything without which no Machine of the app can start.
    func check() async throws {
        let own = try await set()
        let missing = MissingNeeds(scan, config, known: Set(own?.names ?? []))
        for need in missing.expected.prefix(10) { Output.warn("Warning: \(Output.harmless(need.missing))") }
        if missing.expected.count > 10 {
            Output.warn("Warning: and \(missing.expected.count - 10) more: roost launch --plan lists them")
        }
        var left = missing.certain
        guard !left.isEmpty else { return }
        if isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 { left = try await ask(left) }
        guard let first = left.first else { return }
        let lines = left.prefix(Self.most).map { Output.harmless($0.missing) }
        let more = left.count > Self.most ? ["and \(left.count - Self.most) more"] : []
        let file = own?.file ?? "ROOST_STATE/env/\(app).env of the server"
        throw Fault(
            .invalidConfig,
            (lines + more).joined(separator: "\n"),
            hint:
                "without \(left.count == 1 ? "it" : "them") the app can't start: write \(first.name) = \"…\" into [env] of "
                + "fly.toml,\na secret as a line \(first.name)=… into \(file) (root only);\n"
                + "roost deploy --no-audit goes on all the same"
        )
    }

    // MARK: - Private

    /// The names that the server has values for; nil when there is no such app yet, or the server keeps none.
    private func set() async throws -> SetVariables? {
        do {
            return try await client.get(apiPath("apps", app, "env-names"), as: SetVariables.self)
        } catch let fault as Fault where fault.code == .appNotFound || fault.code == .unsupported {
            return nil
        }
    }

    /// Asks for values and hands them to the server; what got none is given back.
    private func ask(_ needs: [Need]) async throws -> [Need] {
        print(
            "The app can't start without these, which are set nowhere; what you say is kept on the server for root alone:"
        )
        var values: [String: String] = [:]
        for need in needs {
            let place = need.place.map { " (\($0))" } ?? ""
            guard let value = try Person.ask("  \(Output.harmless(need.name + place)): ", isSecret: need.isSecret),
                !value.isEmpty
            else { continue }
            values[need.name] = value
        }
        guard !values.isEmpty else { return needs }
        try await client.ensure(app: app, owner: Person.current)
        _ = try await client.post(apiPath("apps", app, "env"), values, as: SetVariables.self)
        return needs.filter { values[$0.name] == nil }
    }
}
