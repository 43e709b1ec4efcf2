import Dispatch
import Foundation
import Model
import Synchronization

/// A TCP connection to a Machine, in the pieces of a session.
///
/// Each direction ends by itself: empty output says that nothing more comes from there, the end of input that nothing more
/// goes there. With both the session is over.
final class PortSession: MachineSession {
    private let descriptor: Int32
    private let reads = DispatchQueue(label: "roost.port.read")
    private let writes = DispatchQueue(label: "roost.port.write")
    private let state = Mutex(State())
    /// Milliseconds after which a thread that waits looks whether the session was closed.
    private static let tick: Int32 = 50

    private struct State {
        var outputHasEnded = false
        var inputHasEnded = false
        var isClosed = false
    }

    /// Takes a connection that does not block, and closes it in the end.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    func next() async throws -> SessionFrame? {
        await on(reads) { $0.read() }
    }

    func take(_ frame: SessionFrame) async throws {
        switch frame {
        case .input(let bytes): await on(writes) { $0.write(bytes) }
        case .endOfInput:
            await on(writes) { session in
                session.state.withLock { $0.inputHasEnded = true }
                shutdown(session.descriptor, Int32(SHUT_WR))
            }
        default: throw Fault(.invalidRequest, "a connection takes input and its end")
        }
    }

    func end() async {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        // After whatever reads or writes at this moment: both look for `isClosed`.
        await on(writes) { _ in }
        await on(reads) { session in _ = close(session.descriptor) }
    }

    // MARK: - Private

    private func on<Result: Sendable>(
        _ queue: DispatchQueue,
        _ body: @escaping @Sendable (PortSession) -> Result
    ) async -> Result {
        await withCheckedContinuation { done in
            queue.async { [self] in done.resume(returning: body(self)) }
        }
    }

    private func read() -> SessionFrame? {
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let (ended, isClosed) = state.withLock { ($0.outputHasEnded, $0.isClosed) }
            if isClosed { return nil }
            if ended {
                // Until the other direction has ended too.
                if state.withLock({ $0.inputHasEnded }) { return .exit(0) }
                usleep(useconds_t(Self.tick) * 200)
                continue
            }
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&request, 1, Self.tick) > 0 else { continue }
            let count = Foundation.read(descriptor, &piece, piece.count)
            if count > 0 { return .output(Array(piece[..<count])) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            state.withLock { state in
                state.outputHasEnded = true
                // A connection that was reset takes nothing either.
                if count < 0 { state.inputHasEnded = true }
            }
            return .output([])
        }
    }

    private func write(_ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            guard state.withLock({ !$0.isClosed && !$0.inputHasEnded }) else { return }
            let count = bytes.withUnsafeBytes { buffer in
                send(
                    descriptor,
                    buffer.baseAddress?.advanced(by: offset),
                    bytes.count - offset,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if count > 0 {
                offset += count
                continue
            }
            guard errno == EAGAIN || errno == EINTR else {
                state.withLock { $0.inputHasEnded = true }
                return
            }
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&request, 1, Self.tick)
        }
    }
}
