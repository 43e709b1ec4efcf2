import Foundation
import Model

/// What a person or a pipe sends to a program: standard input, the terminal's size, signals.
final class Keyboard: Sendable {
    /// One after the other, as they come.
    let frames: AsyncStream<SessionFrame>
    private let send: AsyncStream<SessionFrame>.Continuation
    /// Pieces of input that were read and not taken yet: no more than these.
    private let room = Room.make()
    private let thread = DispatchQueue(label: "roost.keyboard")

    init() {
        (frames, send) = AsyncStream.makeStream(of: SessionFrame.self)
    }

    /// The frames; each piece of input that is taken makes room for another.
    var taken: some AsyncSequence<SessionFrame, Never> & Sendable {
        frames.map { [room] frame in
            if case .input(let bytes) = frame, !bytes.isEmpty { room.signal() }
            return frame
        }
    }

    /// Says now and then that this end is still there; it ends when the source is cancelled.
    func keepAlive() -> any DispatchSourceTimer { KeepAlive.start(send) }

    /// Reads standard input to its end.
    func readInput() {
        thread.async { [room, send] in
            var piece = [UInt8](repeating: 0, count: 16 << 10)
            while true {
                let count = read(STDIN_FILENO, &piece, piece.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                room.wait()
                send.yield(.input(Array(piece[..<count])))
            }
            send.yield(.endOfInput)
        }
    }

    /// Says that there is no input.
    func closeInput() { send.yield(.endOfInput) }

    /// Nothing more will come.
    func end() { send.finish() }

    /// Passes signals on instead of ending this command, and tells of a terminal that changes its size.
    func watchSignals(_ numbers: [Int32]) -> [any DispatchSourceSignal] {
        numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [send] in
                if number == SIGWINCH {
                    if let size = RawTerminal.size { send.yield(.resize(size)) }
                } else {
                    send.yield(.signal(UInt8(number)))
                }
            }
            source.resume()
            return source
        }
    }
}

/// Input of nothing, every half minute: who listens on a network ends a connection that is silent for two.
enum KeepAlive {
    static func start(_ send: AsyncStream<SessionFrame>.Continuation) -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + 30, repeating: 30)
        timer.setEventHandler { send.yield(.input([])) }
        timer.resume()
        return timer
    }
}

/// Room for pieces that were read and not taken yet.
enum Room {
    /// From zero, since libdispatch ends a process whose semaphore goes with less than it began with.
    static func make() -> DispatchSemaphore {
        let room = DispatchSemaphore(value: 0)
        for _ in 0..<8 { room.signal() }
        return room
    }
}

/// The terminal of this command, while a program elsewhere has it.
struct RawTerminal {
    private var before = termios()

    /// Hands every key on as it is; nil when standard input is no terminal.
    init?() {
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
        var raw = before
        cfmakeraw(&raw)
        guard tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0 else { return nil }
    }

    /// Makes it what it was.
    func restore() {
        var settings = before
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
    }

    /// Of the terminal that standard output or input is.
    static var size: TerminalSize? {
        for descriptor in [STDOUT_FILENO, STDIN_FILENO] {
            var size = winsize()
            if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
                return TerminalSize(columns: size.ws_col, rows: size.ws_row)
            }
        }
        return nil
    }
}
