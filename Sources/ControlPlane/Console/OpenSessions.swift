import Model
import Synchronization

/// In which Machines somebody has a console or a tunnel open: such a one is not put to sleep.
package final class OpenSessions: Sendable {
    private let counts = Mutex<[Machine.ID: Int]>([:])

    package init() {}

    func isOpen(_ id: Machine.ID) -> Bool { counts.withLock { $0[id] != nil } }

    /// The same session, counted until it ends.
    func counting(_ session: any MachineSession, in id: Machine.ID) -> any MachineSession {
        counts.withLock { $0[id, default: 0] += 1 }
        return Counted(inner: session) { [self] in
            counts.withLock { counts in
                let left = (counts[id] ?? 1) - 1
                counts[id] = left == 0 ? nil : left
            }
        }
    }

    private final class Counted: MachineSession {
        private let inner: any MachineSession
        private let hasEnded = Mutex(false)
        private let ended: @Sendable () -> Void

        init(inner: any MachineSession, ended: @escaping @Sendable () -> Void) {
            self.inner = inner
            self.ended = ended
        }

        func next() async throws -> SessionFrame? { try await inner.next() }

        func take(_ frame: SessionFrame) async throws { try await inner.take(frame) }

        func end() async {
            await inner.end()
            let isFirst = hasEnded.withLock { hasEnded in
                defer { hasEnded = true }
                return !hasEnded
            }
            if isFirst { ended() }
        }
    }
}
