import Foundation
import Toolkit

/// All Python files of a project, taken apart by Python's own parser.
package struct PythonSources: Sendable {
    package var modules: [PythonModule]
    /// Why there are none, or not all, for the user: no `python3`, a limit reached.
    package var warning: String?

    /// Without modules, when Python plays no part.
    package init(modules: [PythonModule] = [], warning: String? = nil) {
        self.modules = modules
        self.warning = warning
    }

    /// The most bytes of Python that are read in one scan.
    package static let maximumBytes = 64 << 20

    /// Reads a project's Python files through one `python3` process, which runs nothing of the project.
    ///
    /// - Parameters:
    ///   - project: its files under `.py`.
    ///   - wanted: which of them; by default all.
    /// - Returns: a module for each file, in the order of their paths.
    /// - Throws: ``Fault`` only for what is not the project's doing; files that do not parse carry their error.
    package static func read(
        _ project: Project,
        where wanted: (_ path: String, _ text: String) -> Bool = { _, _ in true }
    ) async throws -> PythonSources {
        var input = ""
        var warning: String?
        for path in project.files where path.hasSuffix(".py") && !path.contains("\n") {
            guard let text = project.text(path), wanted(path, text) else { continue }
            guard input.utf8.count + text.utf8.count < maximumBytes else {
                warning = "more than \(maximumBytes >> 20) MB of Python: the rest was not read"
                break
            }
            input += "\(text.utf8.count) \(path)\n\(text)"
        }
        guard !input.isEmpty else { return PythonSources(warning: warning) }
        guard Command.find("python3") != nil else {
            return PythonSources(
                warning: "python3 is not installed, so no Python code was read, only files and commands: "
                    + "apt install python3"
            )
        }
        let script = String(decoding: PackageResources.facts_py, as: UTF8.self)
        let command = Command(
            "python3",
            ["-I", "-S", "-c", script],
            workingDirectory: "/",
            input: input,
            outputLimit: 256 << 20
        )
        let outcome = try await command.run()
        let modules = try await decode(outcome.output)
        if outcome.code != 0 {
            warning = "python3 ended with \(outcome.code) before all files were read: \(outcome.error.suffix(200))"
        }
        return PythonSources(modules: modules, warning: warning)
    }

    // MARK: - Private

    /// The lines in their order, taken apart on two threads: decoding costs as much as parsing did.
    private static func decode(_ output: String) async throws -> [PythonModule] {
        let lines = output.utf8.split(separator: UInt8(ascii: "\n")).map { Data($0) }
        return try await withThrowingTaskGroup(of: (Int, [PythonModule]).self) { group in
            let half = (lines.count + 1) / 2
            for (index, part) in [lines.prefix(half), lines.dropFirst(half)].enumerated() {
                group.addTask {
                    let decoder = JSONDecoder()
                    return (index, try part.map { try decoder.decode(PythonModule.self, from: $0) })
                }
            }
            var parts: [Int: [PythonModule]] = [:]
            for try await (index, modules) in group { parts[index] = modules }
            return (parts[0] ?? []) + (parts[1] ?? [])
        }
    }
}
