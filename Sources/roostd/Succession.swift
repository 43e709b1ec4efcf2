import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Lets the next edge take over before this one ends, where scripts/keep.sh starts it.
///
/// At SIGTERM the keeper is asked for the next one (SIGUSR1). That one tells the keeper when it takes requests
/// (SIGUSR2), and the keeper ends this one with SIGUSR2. Nobody waits for a start meanwhile.
struct Succession: Service {
    /// The keeper; always the parent.
    let keeper: pid_t
    let logger: Logger

    /// How long the next one may take to start before this one ends all the same.
    private static let patience = Duration.seconds(3)

    /// Nil without a keeper.
    init?(_ environment: [String: String], logger: Logger) {
        guard let keeper = environment["ROOST_KEEPER"].flatMap({ pid_t($0) }), keeper == getppid() else { return nil }
        self.keeper = keeper
        self.logger = logger
    }

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm)
        for await _ in signals.cancelOnGracefulShutdown() {
            logger.notice("edge goes on until the next one takes requests")
            kill(keeper, SIGUSR1)
            await cancelWhenGracefulShutdown { try? await Task.sleep(for: Self.patience) }
            return
        }
    }

    /// Tells the keeper that this edge takes requests.
    func begin() { kill(keeper, SIGUSR2) }
}
