import Foundation
import Model

/// What runc and crun say when they fail, in words for the owner of the app.
enum RuntimeWords {
    /// Takes lines of text, or of JSON with a `msg`, as runc's log has them; the last one counts.
    static func fault(_ words: String) -> Fault {
        let plain = text(words)
        // runc: `exec: "x": executable file not found in $PATH`, crun: "executable file `x` not found in $PATH".
        if plain.contains("executable file") && plain.contains("not found") || plain.contains("process: exec: ") {
            return Fault(
                .invalidConfig,
                "the Machine's command is not in the image: \(plain)",
                hint: "correct [processes] in fly.toml or CMD in the Dockerfile"
            )
        }
        return Fault(.toolFailed, "the sandbox could not be created: \(plain)")
    }

    /// Whether a start failed because somebody ended what was to be started, or its monitor, on the way: nothing of the app has
    /// run by then, so that another try harms nobody.
    static func isCutOff(_ fault: Fault) -> Bool {
        guard fault.code == .toolFailed else { return false }
        return fault.message.hasSuffix(noSandbox) || fault.message.hasSuffix(endedBefore)
            || fault.message.hasSuffix("cannot start a container that has stopped")
    }

    /// What is said of a monitor that leaves no word.
    static let noSandbox = "and created no sandbox: "
    static let endedBefore = "ended before its start"

    /// Without the runtime's own trail: time, level, and the name of each function on the way.
    static func text(_ words: String) -> String {
        let line = words.split(separator: "\n").last.map(String.init) ?? words
        struct Entry: Decodable { var msg: String }
        if let entry = try? JSONDecoder().decode(Entry.self, from: Data(line.utf8)) { return entry.msg }
        guard let range = line.range(of: "msg=\"") else { return line }
        return String(line[range.upperBound...].dropLast(line.hasSuffix("\"") ? 1 : 0))
            .replacingOccurrences(of: "\\\"", with: "\"")
    }
}
