import Toolkit

/// How Python is started to read sources, and how much it may take.
package struct PythonProcess: Sendable {
    /// A name that is looked for in the system's folders, or an absolute path; never one from the project.
    package var program = "python3"
    /// Of processor time; what it has not come to by then is not read.
    package var seconds = 20
    /// Of address space.
    package var memoryMiB = 768
    /// Of what it says.
    package var outputMiB = 96

    package init() {}

    static let missing =
        "python3 is not installed, so Python code was read line by line, which sees less: apt install python3"

    /// What came of a reading.
    struct Answer: Sendable {
        var modules: [PythonModule] = []
        /// Files that Python did not come to, each with the reason as its error.
        var unread: [PythonModule] = []
        /// Why, in a few words.
        var reason: String?

        mutating func add(_ other: Answer) {
            modules += other.modules
            unread += other.unread
            reason = reason ?? other.reason
        }

        /// Says what was not read.
        func warning(of total: Int) -> String? {
            guard let reason else { return nil }
            let shown = unread.map(\.path).min().map { ", the first is \($0.prefix(100))" } ?? ""
            return "\(reason): \(unread.count) of \(total) Python files were not read in full\(shown)"
        }
    }

    var isInstalled: Bool { program.hasPrefix("/") || Command.find(program) != nil }

    /// Reads files in their order.
    ///
    /// A file that Python dies of is left out, and another Python goes on after it; that much patience ends after
    /// some of them, and at once when a limit of all files together is reached.
    func read(_ files: [PythonSources.File]) async throws -> Answer {
        var answer = Answer()
        var rest = files[...]
        for attempt in 0..<Self.maximumAttempts where !rest.isEmpty {
            let outcome = try await run(rest)
            let modules = FactsReader.modules(outcome.output)
            answer.modules += modules
            rest = rest.dropFirst(modules.count)
            guard let file = rest.first else { break }
            answer.reason = answer.reason ?? reason(outcome)
            let isLast = attempt == Self.maximumAttempts - 1
            guard !isLimit(outcome.code), !isLast else { break }
            answer.unread.append(Self.unread(file))
            rest = rest.dropFirst()
        }
        answer.unread += rest.map(Self.unread)
        return answer
    }

    // MARK: - Private

    private static let maximumAttempts = 4

    private static func unread(_ file: PythonSources.File) -> PythonModule {
        PythonModule(path: file.path, error: .init(line: 1, message: "it was not read"))
    }

    private func run(_ files: ArraySlice<PythonSources.File>) async throws -> Command.Outcome {
        var input = ""
        input.reserveCapacity(files.reduce(0) { $0 + $1.text.utf8.count + $1.path.utf8.count + 10 })
        for file in files { input += "\(file.text.utf8.count) \(file.path)\n\(file.text)" }
        let parts = [PackageResources.environment_py, PackageResources.facts_py]
        let script = parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
        // Isolated from the user's settings and folders, without `site`, away from the project's own files.
        let command = Command(
            program,
            ["-I", "-S", "-c", script, "\(seconds)", "\(memoryMiB)", "\(outputMiB)"],
            workingDirectory: "/",
            input: input,
            outputLimit: (outputMiB + 16) << 20
        )
        return try await command.run()
    }

    /// The signals of the limits of processor time and of time, and the script's own code for that of its output.
    private func isLimit(_ code: Int32) -> Bool { [128 + 24, 128 + 14, Self.tooMuch].contains(code) }

    private static let tooMuch: Int32 = 3

    private func reason(_ outcome: Command.Outcome) -> String {
        switch outcome.code {
        case 128 + 24: return "python3 reached its limit of \(seconds) s of processor time"
        case 128 + 14: return "python3 took more than \(seconds * 3) s"
        case Self.tooMuch: return "python3 reached its limit of \(outputMiB) MiB of output"
        default:
            let last = outcome.error.split(separator: "\n").last.map { " (\($0.prefix(120)))" } ?? ""
            return "python3 ended with \(outcome.code) before all files were read\(last)"
        }
    }
}
