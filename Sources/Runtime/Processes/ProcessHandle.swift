import CLinux
import Glibc
import Model
import Toolkit

/// A hold on one process, so that a signal can't reach another one that got its number.
struct ProcessHandle: ~Copyable {
    /// Polls readable once the process has ended.
    let descriptor: Int32

    /// Nil when that very process has ended.
    init?(_ pid: Int32, startTicks: UInt64) {
        guard pid > 0 else { return nil }
        let descriptor = roost_pidfd_open(pid)
        guard descriptor >= 0 else { return nil }
        // Checked after opening: from here on the number can't be given to another process unnoticed.
        guard ProcessStat.isLive(pid, startTicks: startTicks) else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// - Throws: ``Fault`` `io`; a process that has ended meanwhile is no error.
    func signal(_ number: Int32) throws(Fault) {
        guard roost_pidfd_send_signal(descriptor, number) == 0 || errno == ESRCH else {
            throw Durable.fault(errno, "send signal \(number) to", "a process")
        }
    }

    /// Waits until it has ended; false when it has not within the limit.
    func waitForEnd(milliseconds: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, milliseconds) > 0
    }

    /// Hands the descriptor over to somebody who closes it.
    consuming func release() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }
}
