import Foundation

/// What Ctrl-C means while something goes on that does not end with this command.
///
/// The first one says so and ends the command, with 130 as a shell expects; should that take long, a second one ends it
/// at once.
final class Interrupt {
    private let source: any DispatchSourceSignal

    /// - Parameters:
    ///   - screen: whose redrawn line goes away first.
    ///   - words: what to say.
    init(_ screen: Screen, words: String) {
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler {
            signal(SIGINT, SIG_DFL)
            screen.clear()
            Output.warn("\n\(words)")
            fflush(nil)
            _exit(ExitCodes.interrupted)
        }
        source.resume()
    }

    /// Gives Ctrl-C its old meaning back.
    func end() {
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }
}
