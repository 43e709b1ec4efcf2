/// A place in a Machine's log, through rotations.
package struct LogPosition: Hashable, Sendable {
    /// The file, by its number on the disk, which it keeps when it gets another name.
    package var file: UInt64
    /// Bytes of it that were read.
    package var offset: Int

    package init(file: UInt64, offset: Int) {
        (self.file, self.offset) = (file, offset)
    }
}

/// Where somebody begins to read a log.
package enum LogStart: Equatable, Sendable {
    /// With what comes from now on.
    case end
    /// With the oldest line that there is.
    case beginning
    /// Where somebody has read up to; what is gone since is told as a line.
    case after(LogPosition)
}

/// The next lines of a log.
package struct LogBatch: Equatable, Sendable {
    package var lines: [LogLine]
    /// Where to begin again to miss nothing; nil while there is no log.
    ///
    /// A line of which only a part was written is read once more.
    package var position: LogPosition?

    package init(lines: [LogLine] = [], position: LogPosition? = nil) {
        (self.lines, self.position) = (lines, position)
    }
}

/// Reads a Machine's log as it grows, without waiting: what is there is handed out, and what is not is asked for again.
///
/// While it is held, what a Machine wrote can still be read after the Machine was destroyed.
package struct LogTap: Sendable {
    /// The next lines, at most about 64 KiB of them; none when there is nothing new.
    package var read: @Sendable () async -> LogBatch

    package init(_ read: @escaping @Sendable () async -> LogBatch) {
        self.read = read
    }
}
