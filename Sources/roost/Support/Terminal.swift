import Foundation
import Toolkit

/// What is known of the terminal that this process writes to.
enum Terminal {
    /// How standard output may be written to.
    static var output: TerminalStyle { style(of: STDOUT_FILENO) }
    /// How standard error may be written to.
    static var errors: TerminalStyle { style(of: STDERR_FILENO) }
    /// Somebody can answer a question.
    static var hasPerson: Bool { Prompt.hasPerson }

    // MARK: - Private

    private static func style(of descriptor: Int32) -> TerminalStyle {
        var size = winsize()
        let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0
        return TerminalStyle.decide(
            environment: ProcessInfo.processInfo.environment,
            isTerminal: isatty(descriptor) == 1,
            columns: isKnown ? Int(size.ws_col) : nil
        )
    }
}
