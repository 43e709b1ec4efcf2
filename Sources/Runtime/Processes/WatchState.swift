/// What the ends of a process and of its monitor mean, in the order in which they come.
///
/// conmon notes the exit code and then ends itself: with its end the code is there to be read.
enum WatchState: Equatable {
    case running
    /// The process has ended, the monitor is about to note how.
    case ending
    /// The process runs on without anybody to keep its output and its exit code.
    case orphaned
    case done

    enum Event {
        case processEnded
        /// - Parameter processLives: looked up when the monitor's end was seen, since the two come in any order.
        case monitorEnded(processLives: Bool)
        /// The monitor took too long.
        case overdue
    }

    enum Effect: Equatable {
        /// Send `overdue` in a while.
        case await
        case reportLoss
        case reportEnd
    }

    mutating func handle(_ event: Event) -> Effect? {
        switch (self, event) {
        case (.running, .processEnded):
            self = .ending
            return .await
        case (.running, .monitorEnded(processLives: true)):
            self = .orphaned
            return .reportLoss
        case (.running, .monitorEnded(processLives: false)), (.ending, .monitorEnded), (.ending, .overdue),
            (.orphaned, .processEnded):
            self = .done
            return .reportEnd
        case (.running, .overdue), (.ending, .processEnded), (.orphaned, .monitorEnded), (.orphaned, .overdue),
            (.done, _):
            return nil
        }
    }
}
