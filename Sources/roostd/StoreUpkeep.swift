import Logging
import Model
import ServiceLifecycle
import Store
import Toolkit

/// Keeps the store's one file up to date, and copies of it beside.
struct StoreUpkeep: Service {
    let store: SQLiteStore
    let copies: StoreCopies
    let logger: Logger
    private static let checkpoints = Duration.seconds(180)
    /// In checkpoints: each hour.
    private static let copyEvery = 20

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var round = 0
            await repeating(every: Self.checkpoints) {
                if round > 0 { await checkpoint() }
                if round % Self.copyEvery == 0 { await copy() }
                round += 1
            }
        }
    }

    /// The last thing before the daemon ends, when nobody writes any more.
    func finish() async {
        await checkpoint()
        await copy()
    }

    // MARK: - Private

    private func checkpoint() async {
        do {
            try await store.checkpoint()
        } catch {
            logger.warning("store not written together", error: error)
        }
    }

    private func copy() async {
        do {
            guard let copy = try copies.make(.now()) else { return }
            logger.info("store copied", metadata: ["copy": "\(copy.path)"])
        } catch {
            logger.error("store not copied", error: error)
        }
    }
}
