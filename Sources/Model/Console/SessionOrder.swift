/// A program to be run inside a Machine, with somebody at its other end.
package struct SessionOrder: Equatable, Sendable {
    /// Program and arguments; empty is the shell that the Machine has.
    package var command: [String]
    /// As in an image's `USER`; nil is the one that the Machine's own program has.
    package var user: String?
    /// Nil: pipes.
    package var terminal: TerminalSize?
    /// What kind of terminal it is: `xterm-256color`.
    package var term: String?
    /// Who asks, `user@host`.
    package var person: String?

    package init(command: [String], user: String? = nil, terminal: TerminalSize? = nil, term: String? = nil) {
        self.command = command
        self.user = user
        self.terminal = terminal
        self.term = term
    }

    /// Refuses what no system call takes.
    package func check() throws(Fault) {
        let texts = command + [user, term].compactMap { $0 }
        guard !texts.contains(where: { $0.utf8.contains(0) }), command.first != "" else {
            throw Fault(.invalidRequest, "a command is a program and arguments without NUL bytes")
        }
        guard texts.reduce(0, { $0 + $1.utf8.count }) <= 128 << 10 else {
            throw Fault(.tooLarge, "the command has more than 128 KiB")
        }
    }
}

/// How large a terminal is, in characters.
package struct TerminalSize: Equatable, Sendable {
    package var columns: UInt16
    package var rows: UInt16

    package init(columns: UInt16, rows: UInt16) {
        self.columns = columns
        self.rows = rows
    }
}

/// A program that runs inside a Machine, as whoever talks to it sees it.
package protocol MachineSession: Sendable {
    /// What comes next from it; nil after its end. One reader.
    func next() async throws -> SessionFrame?

    /// Hands over what the other end sent.
    func take(_ frame: SessionFrame) async throws

    /// Ends the program and all that it has started; nothing happens when it has ended.
    func end() async
}

/// Runs programs inside Machines.
package protocol MachineSessions: Sendable {
    /// - Throws: ``Fault`` `invalidState` when the Machine does not run, `invalidConfig` when it has no such program.
    func open(_ id: Machine.ID, _ order: SessionOrder) async throws -> any MachineSession

    /// Opens a TCP connection to a port of a Machine. Empty output is the end of what comes from there.
    ///
    /// - Throws: ``Fault`` `invalidState` when nothing listens there, naming what does.
    func connect(_ id: Machine.ID, port: Int) async throws -> any MachineSession
}
