import ArgumentParser
import Client
import Foundation
import Model

/// Connects this command's terminal, or its pipes, to a program in a Machine.
struct ConsoleRun {
    let client: RoostClient
    let path: String
    var order: SessionOrder
    /// Whether standard input goes there.
    var hasInput = true

    /// - Returns: the program's exit code.
    func run() async throws -> Int32 {
        let keyboard = Keyboard()
        let isTerminal = order.terminal != nil
        let raw = isTerminal ? RawTerminal() : nil
        defer { raw?.restore() }
        // In a raw terminal Ctrl-C is a key like any other, which the other end turns into a signal.
        let sources = keyboard.watchSignals(isTerminal ? [SIGWINCH] : [SIGINT, SIGTERM, SIGQUIT]) + leaving(raw)
        defer { for source in sources { source.cancel() } }
        let alive = keyboard.keepAlive()
        defer { alive.cancel() }
        if hasInput { keyboard.readInput() } else { keyboard.closeInput() }
        return try await client.session(path, order, frames: keyboard.taken) { frame in
            switch frame {
            case .output(let bytes): Self.write(bytes, to: STDOUT_FILENO)
            case .errors(let bytes): Self.write(bytes, to: STDERR_FILENO)
            default: break
            }
        }
    }

    /// The same, then ends this command with that code.
    ///
    /// A thread may still wait for a key, so nothing else is waited for.
    func runToExit() async throws -> Never {
        let code = try await run()
        fflush(nil)
        _exit(code)
    }

    /// Ends this command, its terminal made what it was, and with it what runs in the Machine.
    ///
    /// Whoever closes the window means just that, also where the program would not mind a signal.
    private func leaving(_ raw: RawTerminal?) -> [any DispatchSourceSignal] {
        guard let raw else { return [] }
        return [SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                raw.restore()
                _exit(128 + number)
            }
            source.resume()
            return source
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Foundation.write(descriptor, buffer.baseAddress?.advanced(by: offset), bytes.count - offset)
            }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return }
            offset += count
        }
    }
}

extension SessionOrder {
    /// With the terminal of this command, when it has one that can be used or `force` says so.
    static func make(command: [String], user: String?, terminal wanted: Bool, force: Bool) -> SessionOrder {
        let isTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        var order = SessionOrder(command: command, user: user)
        if force || (wanted && isTerminal) {
            order.terminal = RawTerminal.size ?? TerminalSize(columns: 80, rows: 24)
            order.term = ProcessInfo.processInfo.environment["TERM"]
        }
        order.person = Person.current
        return order
    }
}
