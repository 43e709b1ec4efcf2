import CLinux
import Dispatch
import Glibc
import Model
import Synchronization
import Toolkit

/// A program inside a Machine, and the threads that wait for it.
///
/// Reading waits for whoever takes what was read, so that a program which writes without end fills no memory.
final class ConsoleSession: MachineSession {
    private let pid: pid_t
    private let channels: ConsoleChannels
    private let reads: DispatchQueue
    private let writes: DispatchQueue
    private let state = Mutex(State())
    /// Kills what the program has started and left.
    private let sweep: @Sendable () -> Void

    private struct State {
        /// Of the runtime's program, which passes on that of the one inside.
        var code: Int32?
        var open: Set<Int32>
        var inputIsOpen = true
        var isClosed = false
        var isReported = false

        init() { open = [] }
    }

    /// How often a thread that waits looks whether the program has ended.
    private static let tick: Int32 = 50

    init(pid: pid_t, channels: ConsoleChannels, sweep: @escaping @Sendable () -> Void) {
        self.pid = pid
        self.channels = channels
        self.sweep = sweep
        reads = DispatchQueue(label: "roost.console.\(pid).read")
        writes = DispatchQueue(label: "roost.console.\(pid).write")
        state.withLock { $0.open = Set([channels.output, channels.errors].filter { $0 >= 0 }) }
        DispatchQueue(label: "roost.console.\(pid).end").async { [self] in
            let code = Spawn.wait(pid)
            state.withLock { $0.code = code }
        }
    }

    func next() async throws -> SessionFrame? {
        let frame = await withCheckedContinuation { (done: CheckedContinuation<SessionFrame?, Never>) in
            reads.async { [self] in done.resume(returning: read()) }
        }
        if case .exit = frame { await end() }
        return frame
    }

    func take(_ frame: SessionFrame) async throws {
        switch frame {
        case .input(let bytes):
            await onWriteQueue { $0.write(bytes) }
        case .endOfInput:
            await onWriteQueue { session in
                // A terminal has no end: its driver makes one of this character.
                if session.channels.terminal >= 0 { session.write([4]) } else { session.closeInput() }
            }
        case .resize(let size):
            guard channels.terminal >= 0, state.withLock({ !$0.isClosed }) else { return }
            _ = roost_resize_terminal(channels.terminal, size.columns, size.rows)
        case .signal(let number):
            guard (1...64).contains(number) else { throw Fault(.invalidRequest, "there is no signal \(number)") }
            // The runtime's program passes it on to the one inside.
            guard state.withLock({ $0.code == nil }) else { return }
            kill(pid, Int32(number))
        case .open, .output, .errors, .exit, .failure:
            throw Fault(.invalidRequest, "a client sends input, sizes and signals")
        }
    }

    func end() async {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        // After whatever is being read or written, which both look for `isClosed`.
        await onReadQueue { session in
            session.sweep()
            if session.state.withLock({ $0.code == nil }) { kill(session.pid, SIGKILL) }
        }
        await onWriteQueue { $0.closeInput() }
        await onReadQueue { session in
            for descriptor in Set([session.channels.output, session.channels.errors]) where descriptor >= 0 {
                close(descriptor)
            }
        }
    }

    // MARK: - Private

    private func onWriteQueue(_ body: @escaping @Sendable (ConsoleSession) -> Void) async {
        await withCheckedContinuation { done in
            writes.async { [self] in
                body(self)
                done.resume()
            }
        }
    }

    private func onReadQueue(_ body: @escaping @Sendable (ConsoleSession) -> Void) async {
        await withCheckedContinuation { done in
            reads.async { [self] in
                body(self)
                done.resume()
            }
        }
    }

    /// Blocks until something comes, the program has ended, or the session was closed.
    private func read() -> SessionFrame? {
        while true {
            let (open, code, isClosed) = state.withLock { ($0.open.sorted(), $0.code, $0.isClosed) }
            if isClosed { return nil }
            if open.isEmpty || code != nil, let frame = readNow(open) { return frame }
            if let code {
                // What it has left behind may hold the pipes for as long as it likes.
                return report(code)
            }
            guard !open.isEmpty else {
                usleep(useconds_t(Self.tick * 100))
                continue
            }
            var requests = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&requests, nfds_t(requests.count), Self.tick) > 0 else { continue }
            if let frame = readNow(open) { return frame }
        }
    }

    private func report(_ code: Int32) -> SessionFrame? {
        let isReported = state.withLock { state in
            defer { state.isReported = true }
            return state.isReported
        }
        return isReported ? nil : .exit(code)
    }

    /// What is there at this moment.
    private func readNow(_ open: [Int32]) -> SessionFrame? {
        for descriptor in open {
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&request, 1, 0) > 0 else { continue }
            var piece = [UInt8](repeating: 0, count: 32 << 10)
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count > 0 {
                let bytes = Array(piece[..<count])
                return descriptor == channels.errors ? .errors(bytes) : .output(bytes)
            }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            // The end; a terminal says EIO.
            state.withLock { _ = $0.open.remove(descriptor) }
        }
        return nil
    }

    private func write(_ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let (isOpen, ended) = state.withLock { ($0.inputIsOpen && !$0.isClosed, $0.code != nil) }
            guard isOpen, !ended else { return }
            var request = pollfd(fd: channels.input, events: Int16(POLLOUT), revents: 0)
            guard poll(&request, 1, Self.tick) > 0 else { continue }
            // As much as a pipe takes without waiting, once it says that it takes any.
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(channels.input, buffer.baseAddress?.advanced(by: offset), min(bytes.count - offset, 4096))
            }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            // It reads no more.
            guard count > 0 else { return }
            offset += count
        }
    }

    private func closeInput() {
        let isOpen = state.withLock { state in
            defer { state.inputIsOpen = false }
            return state.inputIsOpen
        }
        if isOpen, channels.terminal < 0 { close(channels.input) }
    }
}
