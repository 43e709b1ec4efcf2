import Client
import Foundation
import Model
import Scaffold
import Toolkit

/// Hands a deploy to the server; waits for another one of the app to end, where somebody wants that.
struct DeployStart {
    let client: RoostClient
    let app: String
    /// Nil: another deploy ends the command at once.
    var patience: Duration?
    private static let pause = Duration.seconds(1)

    /// - Throws: ``Fault`` `deployInProgress` naming who deploys, since when and at which step.
    func run(_ request: DeployRequest) async throws -> Rollout {
        let clock = ContinuousClock()
        let start = clock.now
        var said: String?
        while true {
            do {
                return try await client.post(apiPath("apps", app, "rollouts"), request, as: Rollout.self)
            } catch let fault as Fault where fault.code == .deployInProgress {
                guard let patience, clock.now - start < patience else { throw fault }
                // Each step of the other one is news.
                if said != fault.message { Output.warn("waits: \(Output.harmless(fault.message))") }
                said = fault.message
                try await Task.sleep(for: Self.pause)
            }
        }
    }
}

/// What a deploy would do to the database that the release in service works with, looked at before anything is built.
struct DeployMigrations {
    let client: RoostClient
    let app: String
    let config: AppConfig
    let scan: ScanResult
    private static let most = 10

    /// - Returns: the project's newest revisions, for the release's record; nil without any.
    /// - Throws: ``Fault`` `invalidConfig` naming each operation that breaks what runs, and the way in several releases.
    func check(allowed: Bool) async throws -> [String]? {
        if let fault = PendingMigrations.misplaced(config, scan) { throw fault }
        let running = try await inService()
        let pending = try await PendingMigrations.read(scan, running: running?.revisions)
        guard !pending.heads.isEmpty else { return nil }
        guard running != nil, migrates else { return pending.heads }
        if pending.isUnknown {
            let words = "which migrations are new can't be told, as the release in service does not name its own"
            Output.warn("Warning: \(words): breaking ones are looked for from the next deploy on")
            return pending.heads
        }
        guard !pending.breaks.isEmpty else { return pending.heads }
        let lines = pending.breaks.prefix(Self.most).map {
            "\(Output.harmless("\($0.place): \($0.message)"))\n  \(Output.harmless($0.way))"
        }
        guard !allowed else {
            for line in lines { Output.warn("Warning: \(line)") }
            return pending.heads
        }
        throw Fault(
            .invalidConfig,
            "a migration would break v\(running?.version ?? 0), which goes on while the deploy rolls\n"
                + lines.joined(separator: "\n"),
            hint: "nothing was changed; where that is meant: roost deploy --allow-breaking-migration"
        )
    }

    // MARK: - Private

    /// Something that the deploy starts migrates.
    private var migrates: Bool {
        config.deploy.releaseCommand != nil || config.processes.values.contains { PendingMigrations.isMigration($0) }
            || PendingMigrations.areRunAtStart(scan)
    }

    private func inService() async throws -> Release? {
        do {
            guard let version = try await client.get(apiPath("apps", app), as: AppView.self).release else { return nil }
            return try await client.get(apiPath("apps", app, "releases"), as: [Release].self).last {
                $0.version == version
            }
        } catch let fault as Fault where fault.code == .appNotFound {
            return nil
        }
    }
}
