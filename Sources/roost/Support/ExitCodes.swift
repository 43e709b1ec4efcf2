import Foundation

/// Which code a command ends with: Roost's own, or flyctl's where it is called by that name.
enum ExitCodes {
    /// A command line that can't work.
    static var usage: Int32 { isFly ? 1 : 2 }
    /// A time limit of the command's own is over.
    static var timedOut: Int32 { isFly ? 126 : 1 }
    /// Ctrl-C.
    static var interrupted: Int32 { isFly ? 127 : 130 }
    /// Somebody said no.
    static var cancelled: Int32 { isFly ? 127 : 1 }

    /// Whether the program was called `fly` or `flyctl`, whose scripts look for its codes.
    private static var isFly: Bool {
        let name = (CommandLine.arguments.first ?? "").split(separator: "/").last ?? ""
        return name == "fly" || name == "flyctl"
    }
}
