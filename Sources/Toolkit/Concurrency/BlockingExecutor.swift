import Dispatch
import Model

/// Runs an actor on a thread of its own, one job after the other: its calls may wait for a disk without holding up the
/// threads on which all other async code runs.
package final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue

    /// The label is the thread's name for debuggers.
    package init(_ label: String) {
        queue = DispatchQueue(label: label)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }

    package func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }

    /// Runs `body` there after a while, whether anybody calls the actor or not.
    package func run(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(max(delay.milliseconds, 0))), execute: body)
    }
}
