import Foundation
import Model

/// Who sits at the terminal.
enum Person {
    /// `user@host`.
    static var current: String { "\(NSUserName())@\(ProcessInfo.processInfo.hostName)" }

    /// Asks, on a terminal; elsewhere a yes has to be given as a flag.
    static func confirm(_ question: String, yes: Bool) throws(Fault) {
        if yes { return }
        guard isatty(STDIN_FILENO) == 1 else {
            throw Fault(.invalidRequest, "\(question) Nobody can answer: this is not a terminal", hint: "add --yes")
        }
        print("\(question) (y/N) ", terminator: "")
        fflush(nil)
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            throw Fault(.cancelled, "nothing was done")
        }
    }
}
