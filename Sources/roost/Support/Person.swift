import Foundation
import Model

/// Who sits at the terminal.
enum Person {
    /// `user@host`.
    static var current: String { "\(NSUserName())@\(ProcessInfo.processInfo.hostName)" }

    /// Asks for a line; one that is secret is not shown while it is typed.
    ///
    /// Nil at the end of the input.
    static func ask(_ question: String, isSecret: Bool) throws(Fault) -> String? {
        print(question, terminator: "")
        fflush(nil)
        guard isSecret else { return readLine() }
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw Fault(.io, "the terminal can't be told to hide what is typed")
        }
        var hidden = before
        hidden.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            print("")
        }
        return readLine()
    }

    /// Asks, on a terminal; elsewhere a yes has to be given as a flag.
    ///
    /// - Throws: ``UsageError`` where nobody can answer, ``Fault`` `cancelled` after a no.
    static func confirm(_ question: String, yes: Bool) throws {
        if yes { return }
        guard Terminal.hasPerson else {
            throw UsageError(
                message: "\(question) There is no terminal to answer it on",
                hint: "say yes beforehand: add --yes"
            )
        }
        print("\(question) (y/N) ", terminator: "")
        fflush(nil)
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            throw Fault(.cancelled, "nothing was done")
        }
    }
}

/// A command that was given in a way that can't work: exit code 2.
struct UsageError: Error {
    var message: String
    var hint: String
}
