package import Model
import Toolkit

extension OCIRuntime {
    /// Runs one more command inside a running Machine, as its user.
    ///
    /// - Returns: the exit code and both outputs, at most 1 MiB.
    /// - Throws: ``Fault`` `invalidState` when the Machine does not run, `timedOut`.
    package func exec(
        _ id: Machine.ID,
        _ command: [String],
        timeout: Duration
    ) async throws -> (code: Int32, output: String) {
        guard case .running = try await list()[id] else {
            throw Fault(.invalidState, "Machine \(id) does not run", hint: "start it first: roost machine start \(id)")
        }
        let runtime = try tools().runtime
        let outcome = try await withTimeout(timeout, "the command in Machine \(id)") { [runtimeRoot] in
            try await Command(runtime, ["--root", runtimeRoot, "exec", id.text] + command, outputLimit: 1 << 20).run()
        }
        return (outcome.code, outcome.output + outcome.error)
    }
}
