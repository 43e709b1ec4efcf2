import Foundation
import Synchronization

/// What a program that ended has left.
struct Outcome: Sendable {
    var code: Int32
    var output: String
    var error: String

    /// Both outputs, for assertions that don't care which.
    var all: String { output + error }
}

/// Runs programs for tests; each ends by itself or is killed at its limit.
enum Shell {
    /// Runs a program to its end, whatever its code.
    ///
    /// `limit` is in seconds: a program that takes longer is killed, and its code is 137.
    static func run(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        folder: String? = nil,
        limit: Int = 120
    ) async throws -> Outcome {
        let process = Process()
        // Threads of a pool block signals, and a program would inherit that.
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["--default-signal", program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        let out = try Capture()
        let err = try Capture()
        process.standardOutput = out.handle
        process.standardError = err.handle
        process.standardInput = FileHandle.nullDevice
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in done.resume() }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                done.resume(throwing: error)
                return
            }
            let pid = process.processIdentifier
            DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(limit)) {
                if process.isRunning { kill(pid, SIGKILL) }
            }
        }
        let code = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        return Outcome(code: code, output: try out.text(), error: try err.text())
    }

    /// A shell line, which has to succeed.
    @discardableResult
    static func line(_ line: String, limit: Int = 120) async throws -> String {
        let outcome = try await run("/bin/bash", ["-c", line], limit: limit)
        guard outcome.code == 0 else { throw Failure("\(line): \(outcome.code)\n\(outcome.all)") }
        return outcome.output
    }

    /// An output kept in a file, which no amount of text can block.
    private struct Capture {
        let handle: FileHandle
        private let path: String

        init() throws {
            path = NSTemporaryDirectory() + "roost-test-\(UUID().uuidString)"
            _ = FileManager.default.createFile(atPath: path, contents: nil)
            guard let handle = FileHandle(forWritingAtPath: path) else { throw Failure("can't open \(path)") }
            self.handle = handle
        }

        func text() throws -> String {
            try handle.close()
            defer { try? FileManager.default.removeItem(atPath: path) }
            return String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        }
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Asks until the answer is yes, and fails when it never is.
func eventually(
    within limit: Duration = .seconds(20),
    _ what: String,
    _ body: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while true {
        if try await body() { return }
        guard clock.now < end else { throw Failure("never within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(50))
    }
}
