import Foundation
package import Logging
package import Model
import Synchronization
import Toolkit

/// The private names in force: told by `serve`, kept on disk for the time when it is away.
package final class NameBook: Sendable {
    /// Where the copy is; nil keeps none.
    private let path: String?
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var index = NameIndex()
        /// Told when something has changed.
        var followers: [AsyncStream<Void>.Continuation] = []
    }

    /// Begins with the copy on disk, if there is one that can be read.
    package init(path: String?, logger: Logger) {
        self.path = path
        self.logger = logger
        guard let path, let data = FileManager.default.contents(atPath: path) else { return }
        do {
            _ = take(try JSON.decode(NameChanges.self, from: data, what: path))
        } catch {
            logger.error("copy of names unreadable", metadata: ["file": "\(path)", "error": "\(error.message)"])
        }
    }

    /// Takes in what `serve` says.
    ///
    /// - Returns: false when it fits nothing that is known: all of it is needed.
    package func take(_ changes: NameChanges) -> Bool {
        state.withLock { state in
            guard state.index.apply(changes) else { return false }
            for follower in state.followers { follower.yield() }
            return true
        }
    }

    package var index: NameIndex { state.withLock(\.index) }

    /// Looks something up without a copy of all that there is.
    func look<Value: Sendable>(_ body: (borrowing NameIndex) -> sending Value) -> Value {
        state.withLock { body($0.index) }
    }

    /// Now, and then after each change; what comes meanwhile is one.
    func follow() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        continuation.yield()
        state.withLock { $0.followers.append(continuation) }
        return stream
    }

    /// Writes the copy; blocks.
    ///
    /// A failure costs only the next start its names, so it is told and no more.
    func save() {
        guard let path else { return }
        let table = index.table
        guard table.revision > 0 else { return }
        do {
            try Durable.write(try JSON.encode(table), to: path, mode: 0o600)
        } catch {
            logger.warning("copy of names not saved", metadata: ["error": "\(error.message)"])
        }
    }
}
