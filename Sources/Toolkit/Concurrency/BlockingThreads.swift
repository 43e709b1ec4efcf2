import Foundation
import Model
import Synchronization

/// Threads on which async code may wait for a disk: a task that prefers them, and all that it starts, holds up no other
/// by that.
///
/// Swift's own pool has as many threads as the host has cores: with each of them at a slow disk a whole daemon stands
/// still. Here another thread takes the next job as long as there are fewer than `limit`.
package final class BlockingThreads: TaskExecutor {
    private let limit: Int
    private let name: String
    /// How long a thread without work is kept.
    private let rest: Duration
    private let bell = NSCondition()
    /// Looked at and changed under `bell` alone.
    private let state = Mutex(State())

    private struct State {
        var jobs: [UnownedJob] = []
        /// The place of the next job.
        var next = 0
        var threads = 0
        var idle = 0

        var count: Int { jobs.count - next }

        mutating func take() -> UnownedJob? {
            guard next < jobs.count else { return nil }
            defer {
                next += 1
                if next == jobs.count {
                    jobs.removeAll(keepingCapacity: true)
                    next = 0
                }
            }
            return jobs[next]
        }
    }

    /// No thread is made before the first job.
    package init(_ name: String, limit: Int = 64, rest: Duration = .seconds(30)) {
        self.name = name
        self.limit = limit
        self.rest = rest
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        bell.lock()
        let needsThread = state.withLock { state in
            state.jobs.append(job)
            guard state.idle < state.count, state.threads < limit else { return false }
            state.threads += 1
            return true
        }
        bell.signal()
        bell.unlock()
        if needsThread { begin() }
    }

    /// How many threads there are now.
    package var threads: Int { state.withLock { $0.threads } }

    // MARK: - Private

    private func begin() {
        Thread { [self] in
            // For who looks at the process; Foundation does not know its own thread yet in this moment.
            let own = FileHandle(forWritingAtPath: "/proc/thread-self/comm")
            try? own?.write(contentsOf: Data(name.utf8.prefix(15)))
            try? own?.close()
            work()
        }.start()
    }

    private func work() {
        while let job = next() { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Waits for a job; nil ends the thread.
    private func next() -> UnownedJob? {
        bell.lock()
        defer { bell.unlock() }
        var isOver = false
        while true {
            if let job = state.withLock({ $0.take() }) { return job }
            if isOver {
                state.withLock { $0.threads -= 1 }
                return nil
            }
            state.withLock { $0.idle += 1 }
            isOver = !bell.wait(until: Date(timeIntervalSinceNow: rest.seconds))
            state.withLock { $0.idle -= 1 }
        }
    }
}
