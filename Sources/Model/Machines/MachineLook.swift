/// What was seen of a running Machine, for `roost launch --probe`.
package struct MachineLook: Equatable, Sendable {
    /// TCP addresses: `0.0.0.0:8000`.
    package var listeners: [String]
    /// The most that it ever needed, in bytes; nil when the kernel does not say.
    package var peakMemoryBytes: Int64?
    /// Answers to the paths that were asked for.
    package var answers: [Answer]

    package init(listeners: [String], peakMemoryBytes: Int64?, answers: [Answer]) {
        self.listeners = listeners
        self.peakMemoryBytes = peakMemoryBytes
        self.answers = answers
    }

    /// What came back from a port.
    package struct Answer: Equatable, Sendable {
        package var path: String
        /// The answer is a 2xx.
        package var passed: Bool
        /// Status and the start of the body, or why there was none.
        package var output: String

        package init(path: String, passed: Bool, output: String) {
            self.path = path
            self.passed = passed
            self.output = output
        }
    }
}
