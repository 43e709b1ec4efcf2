import CLinux
import Glibc
import Model
import Toolkit

/// The ends of a console's program that are ours: of three pipes, or of a terminal.
struct ConsoleChannels: Sendable {
    /// What is written here it reads.
    let input: Int32
    let output: Int32
    /// Negative where a terminal has both in one.
    let errors: Int32
    /// Negative without a terminal.
    let terminal: Int32
    /// The ends of the program, closed once it has them.
    private let theirs: [Int32]
    private let terminalPath: String?

    /// Opens a terminal of that size, or pipes; `owner` is whose the terminal is outside of the Machine, so that it can be
    /// opened there by its name.
    init(terminal size: TerminalSize?, owner: UInt32?) throws(Fault) {
        guard let size else {
            (theirs, input, output, errors) = try Self.pipes()
            terminal = -1
            terminalPath = nil
            return
        }
        var name = [CChar](repeating: 0, count: 128)
        var master: Int32 = -1
        guard roost_open_terminal(&master, &name, name.count) == 0 else {
            throw Durable.fault(errno, "open", "a terminal")
        }
        _ = roost_resize_terminal(master, size.columns, size.rows)
        terminal = master
        input = master
        output = master
        errors = -1
        theirs = []
        let path = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        if let owner { chown(path, owner, owner) }
        terminalPath = path
    }

    /// Starts the program with them.
    func start(_ command: [String], process file: Int32) throws(Fault) -> pid_t {
        defer { for descriptor in theirs { close(descriptor) } }
        do throws(Fault) {
            guard let terminalPath else {
                return try Spawn.start(
                    command,
                    roost_descriptors(input: theirs[0], output: theirs[1], errors: theirs[2], sync: file, terminal: nil)
                )
            }
            var pid: pid_t = 0
            var fault: Fault?
            terminalPath.withCString { path in
                do throws(Fault) {
                    pid = try Spawn.start(
                        command,
                        roost_descriptors(input: -1, output: -1, errors: -1, sync: file, terminal: path)
                    )
                } catch {
                    fault = error
                }
            }
            if let fault { throw fault }
            return pid
        } catch {
            closeAll()
            throw error
        }
    }

    func closeAll() {
        for descriptor in Set([input, output, errors]) where descriptor >= 0 { close(descriptor) }
    }

    // MARK: - Private

    private static func pipes() throws(Fault) -> (theirs: [Int32], input: Int32, output: Int32, errors: Int32) {
        var all: [(read: Int32, write: Int32)] = []
        for _ in 0..<3 {
            var ends: (Int32, Int32) = (-1, -1)
            let result = withUnsafeMutablePointer(to: &ends) { pointer in
                pointer.withMemoryRebound(to: Int32.self, capacity: 2) { roost_pipe($0) }
            }
            guard result == 0 else {
                let fault = Durable.fault(errno, "make", "a pipe")
                for pair in all { for end in [pair.read, pair.write] { close(end) } }
                throw fault
            }
            // Inside, where the user is another, it may be opened by its name: /dev/stderr. Outside nobody finds it.
            fchmod(ends.0, 0o666)
            all.append((ends.0, ends.1))
        }
        return ([all[0].read, all[1].write, all[2].write], all[0].write, all[1].read, all[2].read)
    }
}
