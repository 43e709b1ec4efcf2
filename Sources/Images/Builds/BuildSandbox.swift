/// Runs the steps of builds: runc in a daemon, `unshare` and `chroot` in tests.
package protocol BuildSandbox: Sendable {
    /// Runs a step to its end and hands over each line that it writes, on either output, as it comes.
    ///
    /// Cancelling ends all processes of the step, and what was mounted for it is gone before the call throws.
    ///
    /// - Returns: the exit code, or 128 + the signal; whatever it is, it is no error of this call.
    func run(_ step: BuildStep, onLine: @escaping @Sendable (String) async throws -> Void) async throws -> Int32
}
