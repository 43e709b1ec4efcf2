import Foundation
import Model
import Subprocess
import SystemPackage

#if canImport(Glibc)
import Glibc
#endif

/// A program of the host, run to its end.
package struct Command: Sendable {
    /// A name found on `PATH`, or an absolute path.
    package var program: String
    package var arguments: [String]
    /// Added to a minimal environment (`PATH`, `HOME`, `LANG`); the daemon's own is never passed on.
    package var environment: [String: String]
    package var workingDirectory: String?
    /// Written to standard input, which is then closed; secrets go this way, never into `arguments`.
    package var input: String?
    /// The most bytes of standard output that are kept; more is a fault.
    package var outputLimit: Int

    package init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        workingDirectory: String? = nil,
        input: String? = nil,
        outputLimit: Int = 8 << 20
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.input = input
        self.outputLimit = outputLimit
    }

    /// What came of a run that ended.
    package struct Outcome: Sendable {
        /// The exit code, or 128 + the signal.
        package var code: Int32
        package var output: String
        package var error: String
    }

    /// Runs it, whatever its exit code.
    ///
    /// Cancelling ends the program: SIGTERM, after two seconds SIGKILL.
    ///
    /// - Throws: ``Fault`` `toolMissing` when there is no such program, `toolFailed` when it could not be run.
    package func run() async throws -> Outcome {
        do {
            let result = try await Subprocess.run(
                executable,
                arguments: Arguments(arguments),
                environment: fullEnvironment,
                workingDirectory: workingDirectory.map { FilePath($0) },
                platformOptions: options,
                input: .fileDescriptor(try standardInput(), closeAfterSpawningProcess: true),
                // Not `.string`: that goes through the bytes one by one.
                output: .bytes(limit: outputLimit),
                error: .bytes(limit: 1 << 20)
            )
            return Outcome(
                code: Self.code(of: result.terminationStatus),
                output: String(decoding: result.standardOutput, as: UTF8.self),
                error: String(decoding: result.standardError, as: UTF8.self)
            )
        } catch {
            throw fault(from: error)
        }
    }

    /// Runs it and returns its standard output.
    ///
    /// - Throws: ``Fault`` `toolFailed` with the last lines of its standard error when it exits with other than 0.
    @discardableResult
    package func checked() async throws -> String {
        let outcome = try await run()
        guard outcome.code == 0 else {
            let words = outcome.error.isEmpty ? outcome.output : outcome.error
            throw Fault(.toolFailed, "\(description) ended with \(outcome.code): \(Self.tail(words))")
        }
        return outcome.output
    }

    /// Runs it and hands over each line of its standard output and standard error as it comes.
    ///
    /// - Returns: the exit code, or 128 + the signal.
    package func stream(_ line: @Sendable (String) async throws -> Void) async throws -> Int32 {
        do {
            let result = try await Subprocess.run(
                executable,
                arguments: Arguments(arguments),
                environment: fullEnvironment,
                workingDirectory: workingDirectory.map { FilePath($0) },
                platformOptions: options,
                input: .fileDescriptor(try standardInput(), closeAfterSpawningProcess: true),
                output: .sequence,
                error: .combinedWithOutput
            ) { execution in
                for try await text in execution.standardOutput.strings(bufferingPolicy: .maxLineLength(64 << 10)) {
                    var text = Substring(text)
                    while let last = text.unicodeScalars.last, last == "\n" || last == "\r" {
                        text.unicodeScalars.removeLast()
                    }
                    try await line(String(text))
                }
            }
            return Self.code(of: result.terminationStatus)
        } catch {
            throw fault(from: error)
        }
    }

    /// The program and its arguments, for messages.
    package var description: String {
        ([program] + arguments.prefix(6)).joined(separator: " ") + (arguments.count > 6 ? " …" : "")
    }

    /// The first place on `PATH` that has this program.
    package static func find(_ program: String) -> String? {
        searchPath.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    // MARK: - Private

    /// Debian's, with the system folders that an ordinary user's `PATH` lacks.
    private static let searchPath = [
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/opt/roost-tools/bin",
    ]

    private var executable: Executable {
        program.hasPrefix("/")
            ? .path(FilePath(program)) : .path(FilePath(Self.find(program) ?? "/nonexistent/\(program)"))
    }

    private var fullEnvironment: Environment {
        var all: [Environment.Key: String] = [
            "PATH": Self.searchPath.joined(separator: ":"), "HOME": "/root", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
        ]
        for (name, value) in environment {
            guard let key = Environment.Key(rawValue: name) else { continue }
            all[key] = value
        }
        return .custom(all)
    }

    /// The input as a file in memory.
    ///
    /// Not as a pipe that is written while the program runs: Subprocess 1.0.2 ends our own process with a fatal error when
    /// a program ends before it has read all of it (`IODescriptor.deinit`, "was not closed").
    private func standardInput() throws -> FileDescriptor {
        guard let input, !input.isEmpty else { return try FileDescriptor.open("/dev/null", .readOnly) }
        let file = try Self.memoryFile()
        do {
            try file.writeAll(input.utf8)
            _ = try file.seek(offset: 0, from: .start)
            return file
        } catch {
            try? file.close()
            throw error
        }
    }

    /// A file without a name on a file system that is kept in memory, where there is one: it may hold a secret.
    private static func memoryFile() throws -> FileDescriptor {
        let temporaryFile: Int32 = 0o20_200_000  // O_TMPFILE, a macro that Swift does not see; see open(2)
        for folder in ["/dev/shm", "/tmp"] {
            let number = open(folder, temporaryFile | O_RDWR | O_CLOEXEC, 0o600)
            if number >= 0 { return FileDescriptor(rawValue: number) }
        }
        throw Durable.fault(errno, "make", "a file for a program's input")
    }

    private var options: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0  // Ctrl-C at the daemon's terminal is for the daemon alone
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        return options
    }

    private static func code(of status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }

    private func fault(from error: any Error) -> any Error {
        if error is CancellationError || error is Fault { return error }
        if !program.hasPrefix("/"), Self.find(program) == nil {
            return Fault(.toolMissing, "\(program) is not installed", hint: "roost doctor says what this host lacks")
        }
        return Fault(.toolFailed, "\(description) could not be run: \(error)")
    }

    private static func tail(_ text: String) -> String {
        text.split(separator: "\n").suffix(8).joined(separator: "\n")
    }
}
