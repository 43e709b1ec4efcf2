import ArgumentParser
import Client
import Foundation
import Model

/// Shows a roll-out's story as it happens, and ends as it ended.
struct DeployWatch {
    let client: RoostClient
    /// Of a success, nothing is said at the end.
    var isQuiet = false
    /// A daemon that restarts is waited for this long.
    private static let patience = Duration.seconds(30)

    /// - Throws: the roll-out's ``Fault`` when it failed.
    func follow(_ rollout: Rollout) async throws {
        var shown = 0
        let clock = ContinuousClock()
        var lost: ContinuousClock.Instant?
        while true {
            do {
                if let end = try await attempt(rollout, &shown) { return try conclude(end.rollout, end.url) }
                lost = lost ?? clock.now
            } catch let fault as Fault where fault.code == .unreachable {
                if lost == nil { Output.warn("the connection to roostd was lost; the deploy goes on there, waiting") }
                lost = lost ?? clock.now
            }
            if let lost, clock.now - lost > Self.patience {
                throw Fault(
                    .unreachable,
                    "roostd did not come back; the deploy goes on when it does",
                    hint: "roost deploy --watch -a \(rollout.app)"
                )
            }
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    // MARK: - Private

    /// Reads the story from its start, shows what was not shown yet; nil when it broke off.
    private func attempt(_ rollout: Rollout, _ shown: inout Int) async throws -> (rollout: Rollout, url: String?)? {
        var seen = 0
        var end: (Rollout, String?)?
        let path = apiPath("apps", rollout.app, "rollouts", rollout.id, "events")
        try await client.follow(path, as: RolloutEvent.self) { event in
            seen += 1
            guard seen > shown else { return }
            shown = seen
            if case .finished(let final, let url) = event { end = (final, url) }
            show(event)
        }
        return end
    }

    private func show(_ event: RolloutEvent) {
        switch event {
        case .stage(let name): print("==> \(name)")
        case .line(let text): print("    \(Output.harmless(text))")
        case .done(let name, let seconds): print("    done: \(name) (\(Output.seconds(seconds)))")
        case .finished: break
        }
        fflush(nil)
    }

    private func conclude(_ rollout: Rollout, _ url: String?) throws {
        switch rollout.phase {
        case .complete where isQuiet: break
        case .complete:
            print("\nv\(rollout.release ?? 0) of \(rollout.app) is deployed")
            if let url { print("Visit it at \(url)") }
        default:
            if rollout.phase == .rolledBack { Output.warn("rolled back: v\(rollout.previous ?? 0) is in service") }
            throw rollout.fault ?? Fault(.rolloutFailed, "the deploy ended as \(rollout.phase.rawValue)")
        }
    }
}
