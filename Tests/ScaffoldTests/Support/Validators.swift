import Foundation
import Toolkit

/// The programs that `scripts/install.sh test` installs to check what we write.
enum Validators {
    private static let folder = "/opt/roost-tools/validators/bin"

    /// Why the checks can't run here; nil when they can.
    static var missing: String? {
        FileManager.default.fileExists(atPath: "\(folder)/../installed")
            ? nil : "no validators: scripts/install.sh test installs them"
    }

    /// Runs one of them, or a program of the host.
    static func run(_ tool: String, _ arguments: [String], in place: String? = nil) async throws -> Command.Outcome {
        let own = "\(folder)/\(tool)"
        let program = FileManager.default.isExecutableFile(atPath: own) ? own : tool
        return try await Command(program, arguments, workingDirectory: place).run()
    }

    /// Runs a Python script with their packages.
    static func python(_ script: String, _ arguments: [String]) async throws -> Command.Outcome {
        try await run("python", ["-c", script] + arguments)
    }
}

/// A folder for a test, gone with its value.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "roost-export-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file, with the folders above it.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let full = "\(path)/\(name)"
        let parent = URL(filePath: full).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        try text.write(toFile: full, atomically: true, encoding: .utf8)
        return full
    }
}
