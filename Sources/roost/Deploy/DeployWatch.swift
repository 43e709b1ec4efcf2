import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

/// Shows a roll-out's story as it happens, and ends as it ended.
struct DeployWatch {
    let client: RoostClient
    /// Of a success, nothing is said at the end.
    var isQuiet = false
    /// Print how it ended as JSON; the story goes to standard error then.
    var json = false
    /// Tell the story on standard error, and nothing at the end.
    var onErrors = false
    /// A daemon that restarts is waited for this long.
    private static let patience = Duration.seconds(30)

    /// - Throws: the roll-out's ``Fault`` when it failed.
    func follow(_ rollout: Rollout) async throws {
        let screen = Screen(onErrors: json || onErrors, quiet: ["build"])
        let interrupt = Interrupt(screen, words: Self.goesOn(rollout.app))
        defer { interrupt.end() }
        do {
            let end = try await screen.whileRedrawn { try await watch(rollout, screen) }
            try conclude(end, screen)
        } catch {
            screen.clear()
            throw error
        }
    }

    /// What is said when somebody stops watching.
    static func goesOn(_ app: String) -> String {
        """
        The deploy of \(app) goes on without this command.
          follow it:  roost deploy --watch -a \(app)
          cancel it:  roost deploy --cancel -a \(app)
        """
    }

    // MARK: - Private

    /// How a roll-out ended.
    private struct End: Encodable {
        var deploy: Rollout
        var url: String?
        var error: String?
        var hint: String?
    }

    private func watch(_ rollout: Rollout, _ screen: Screen) async throws -> End {
        var shown = 0
        let clock = ContinuousClock()
        var lost: ContinuousClock.Instant?
        while true {
            do {
                if let end = try await attempt(rollout, &shown, screen) { return end }
                lost = lost ?? clock.now
            } catch let fault as Fault where fault.code == .unreachable {
                if lost == nil {
                    screen.clear()
                    Output.warn("the connection to roostd was lost; the deploy goes on there, waiting")
                }
                lost = lost ?? clock.now
            }
            if let lost, clock.now - lost > Self.patience {
                throw Fault(
                    .unreachable,
                    "roostd has not come back for \(Int(Self.patience.seconds)) s; the deploy goes on when it does",
                    hint: "is it running? (roost doctor) Then: roost deploy --watch -a \(rollout.app)"
                )
            }
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    /// Reads the story from its start, shows what was not shown yet; nil when it broke off.
    private func attempt(_ rollout: Rollout, _ shown: inout Int, _ screen: Screen) async throws -> End? {
        var seen = 0
        var end: End?
        let path = apiPath("apps", rollout.app, "rollouts", rollout.id, "events")
        try await client.follow(path, as: RolloutEvent.self) { event in
            seen += 1
            guard seen > shown else { return }
            shown = seen
            switch event {
            case .stage(let name): screen.take(.stage(Output.harmless(name)))
            case .line(let text): screen.take(.line(Output.harmless(text)))
            case .done(let name, let seconds): screen.take(.done(Output.harmless(name), seconds: seconds))
            case .finished(let final, let url): end = End(deploy: final, url: url)
            case .unknown: break
            }
        }
        return end
    }

    private func conclude(_ end: End, _ screen: Screen) throws {
        let rollout = end.deploy
        guard rollout.phase == .complete else {
            screen.fail()
            if rollout.phase == .rolledBack { Output.warn("rolled back: v\(rollout.previous ?? 0) is in service") }
            var fault = rollout.fault ?? Fault(.rolloutFailed, "the deploy ended as \(rollout.phase.rawValue)")
            if rollout.phase == .failed, let before = rollout.previous, rollout.release != nil {
                let back = "put v\(before) back, whole: roost releases rollback v\(before) -a \(rollout.app)"
                fault.hint = [fault.hint, back].compactMap { $0 }.joined(separator: "\n")
            }
            if json {
                try Output.json(End(deploy: rollout, error: fault.message, hint: fault.hint))
            }
            fault.message = screen.unsaid(fault.message)
            throw fault
        }
        screen.clear()
        if isQuiet { return }
        if json { return try Output.json(end) }
        let took = Elapsed.text(screen.elapsed.seconds)
        guard rollout.release != nil else { return print("\nthe image of \(rollout.app) is built (\(took))") }
        print("\nv\(rollout.release ?? 0) of \(rollout.app) is deployed (\(took))")
        if let url = end.url { print("Visit it at \(url)") }
    }
}
