import Foundation
import Model
import Toolkit

/// Who sits at the terminal.
enum Person {
    /// `user@host`.
    static var current: String { "\(NSUserName())@\(ProcessInfo.processInfo.hostName)" }

    /// Asks for a line; one that is secret is not shown while it is typed.
    ///
    /// Nil at the end of the input.
    static func ask(_ question: String, isSecret: Bool) throws(Fault) -> String? {
        try Prompt.ask(question, isSecret: isSecret)
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
