/// How a stream may be written to: with colours or not, with lines that are redrawn or not, and how wide.
package struct TerminalStyle: Equatable, Sendable {
    /// Escape sequences for colours may be written.
    package var hasColor: Bool
    /// A line may be taken back and written again.
    package var isLive: Bool
    /// Columns; nil where nothing has to be cut.
    package var width: Int?

    package init(hasColor: Bool = false, isLive: Bool = false, width: Int? = nil) {
        self.hasColor = hasColor
        self.isLive = isLive
        self.width = width
    }

    /// Text for files and pipes.
    package static let plain = TerminalStyle()

    /// Decides for one stream.
    ///
    /// - Parameters:
    ///   - environment: `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR`, `TERM` and `COLUMNS` count.
    ///   - isTerminal: whether the stream leads to a terminal.
    ///   - columns: the terminal's width, where it says one.
    /// - Returns: what may be written there.
    ///
    /// > Source: no-color.org and bixense.com/clicolors: `NO_COLOR` wins over everything when it is not empty;
    /// > `CLICOLOR_FORCE` colours a pipe as well.
    package static func decide(
        environment: [String: String],
        isTerminal: Bool,
        columns: Int? = nil
    ) -> TerminalStyle {
        let isDumb = ["dumb", ""].contains(environment["TERM"] ?? "")
        let isCapable = isTerminal && !isDumb
        let stated = environment["COLUMNS"].flatMap { Int($0) }
        let width = [columns, stated].compactMap { $0 }.first { $0 > 0 } ?? 80
        return TerminalStyle(
            hasColor: wantsColor(environment, isCapable: isCapable),
            isLive: isCapable,
            width: isTerminal ? width : nil
        )
    }

    /// Text in a colour, where there are colours.
    package func paint(_ text: String, _ color: Color) -> String {
        hasColor && !text.isEmpty ? "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// The few colours that are used, each with one meaning.
    package enum Color: String, Sendable {
        /// What went well.
        case green = "32"
        /// What failed.
        case red = "1;31"
        /// What may go wrong.
        case yellow = "33"
        /// What is under way.
        case cyan = "36"
        /// What matters less.
        case dim = "2"
    }

    // MARK: - Private

    private static func wantsColor(_ environment: [String: String], isCapable: Bool) -> Bool {
        func isSet(_ name: String) -> Bool { !(environment[name] ?? "").isEmpty }
        if isSet("NO_COLOR") { return false }
        if isSet("CLICOLOR_FORCE"), environment["CLICOLOR_FORCE"] != "0" { return true }
        return isCapable && environment["CLICOLOR"] != "0"
    }
}
