import Toolkit

/// What the instructions of a stage have set so far.
struct StageState {
    private(set) var environment: [String: String] = [:]
    private(set) var arguments: [String: String] = [:]
    private(set) var workingDirectory = "/"
    private(set) var user: String?
    private(set) var hasPlainShell = true
    private var globals: [String: String?] = [:]
    private var given: [String: String] = [:]

    /// A stage begins; what was `ARG` in the one it is built from does not count here.
    mutating func begin(_ globals: [String: String?], _ given: [String: String]) {
        (self.globals, self.given, arguments) = (globals, given, [:])
    }

    mutating func take(_ item: Dockerfile.Instruction) {
        switch item.word {
        case "ARG":
            for (name, value) in Dockerfile.arguments(item.text) {
                arguments[name] = given[name] ?? value.map { fill($0) } ?? globals[name] ?? nil
            }
        case "ENV":
            let pairs = ImageWords.pairs(item.text).map { ($0.name, fill($0.value)) }
            for (name, value) in pairs { environment[name] = value }
        case "WORKDIR": workingDirectory = absolute(fill(ImageWords.plain(item.text)))
        case "USER": user = fill(ImageWords.plain(item.text))
        case "SHELL":
            let name = item.exec?.first?.split(separator: "/").last ?? ""
            hasPlainShell = ["sh", "bash", "dash", "ash", "ksh", "zsh"].contains(name)
        default: break
        }
    }

    /// Text with the variables that are known; the others stay, unless there is something in their place.
    func fill(_ text: String, unknown: String? = nil) -> String {
        Variables.expand(text) { environment[$0] ?? arguments[$0] ?? unknown }
    }

    /// A path as the stage sees it; `.` and `..` resolved.
    func absolute(_ path: String) -> String {
        var parts = path.hasPrefix("/") ? [] : workingDirectory.split(separator: "/")
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
