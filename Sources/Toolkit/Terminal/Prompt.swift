import Foundation
package import Model

/// Asks whoever sits at the terminal.
package enum Prompt {
    /// Somebody can answer.
    package static var hasPerson: Bool { isatty(STDIN_FILENO) == 1 }

    /// Asks for a line; one that is secret is not shown while it is typed.
    ///
    /// Nil at the end of the input.
    package static func ask(_ question: String, isSecret: Bool) throws(Fault) -> String? {
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
}
