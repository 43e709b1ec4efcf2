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
        let missing = MissingNeeds(scan, config, known: try await set())
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
        throw Fault(
            .invalidConfig,
            (lines + more).joined(separator: "\n"),
            hint:
                "without \(left.count == 1 ? "it" : "them") the app can't start; a secret: roost secrets set "
                + "\(first.name)=… -a \(app)\nwhat is none: \(first.name) = \"…\" in [env] of fly.toml; "
                + "roost deploy --no-audit goes on all the same"
        )
    }

    // MARK: - Private

    /// The names that the server has values for; none when there is no such app yet.
    private func set() async throws -> Set<String> {
        do {
            let path = apiPath("apps", app, "secrets")
            return Set(try await client.get(path, as: SecretsAnswer.self).secrets.map(\.name))
        } catch let fault as Fault where fault.code == .appNotFound {
            return []
        }
    }

    /// Asks for values and hands them to the server; what got none is given back.
    private func ask(_ needs: [Need]) async throws -> [Need] {
        print(
            "The app can't start without these, which are set nowhere; what you say is kept on the server as a secret:"
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
        let change = SecretsChange(values: values.mapValues { .some($0) })
        _ = try await client.post(apiPath("apps", app, "secrets"), change, as: SecretsAnswer.self)
        return needs.filter { values[$0.name] == nil }
    }
}
