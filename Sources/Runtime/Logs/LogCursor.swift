import Glibc
import Model
import Toolkit

/// A place in a Machine's log that goes on through rotations; never waits.
final class LogCursor {
    private let path: String
    private let oldPath: String
    private let machine: Machine.ID
    private var descriptor: Int32 = -1
    private var inode: UInt64 = 0
    private var offset = 0
    private var assembler: LogAssembler
    /// Where each line before it has been told whole.
    private(set) var position: LogPosition?
    /// Bytes that were read, in all.
    private(set) var bytes = 0

    /// The log of a Machine and the one before it.
    init(path: String, oldPath: String, machine: Machine.ID) {
        self.path = path
        self.oldPath = oldPath
        self.machine = machine
        assembler = LogAssembler(machine: machine)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Whether a line has begun whose end has not come.
    var hasOpenLines: Bool { assembler.hasOpenLines }

    /// Ends such lines.
    func flush() -> [LogLine] { assembler.flush() }

    // MARK: - Where it begins

    /// Begins at the end of the log; returns the last lines before.
    func begin(tail: Int) -> [LogLine] {
        guard enter(path) else { return [] }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return [] }
        offset = endOfRecords(Int(status.st_size))
        mark()
        var lines = LogTail.lines(descriptor, end: offset, count: tail, machine: machine)
        guard lines.count < tail else { return lines }
        let old = open(oldPath, O_RDONLY | O_CLOEXEC)
        guard old >= 0 else { return lines }
        defer { close(old) }
        guard fstat(old, &status) == 0 else { return lines }
        lines = LogTail.lines(old, end: Int(status.st_size), count: tail - lines.count, machine: machine) + lines
        return lines
    }

    /// Begins with the oldest line.
    func beginAtOldest() {
        if !enter(oldPath) { _ = enter(path) }
    }

    /// Begins where somebody has read up to; returns a line that says what is gone since.
    func begin(after place: LogPosition) -> [LogLine] {
        for candidate in [path, oldPath] where enter(candidate) && inode == place.file {
            var status = stat()
            // A file of the same number that is shorter is another one.
            guard fstat(descriptor, &status) == 0, Int(status.st_size) >= place.offset else { break }
            offset = place.offset
            mark()
            return []
        }
        leave()
        return goOn(after: place.file, isOlder: { _ in false }) ?? []
    }

    // MARK: - On

    /// The next lines, none where nothing but the file has changed; nil when there is nothing new.
    func more() -> [LogLine]? { readMore() ?? openNext() }

    // MARK: - Private

    /// Opens a file at its beginning; false when it is not there.
    private func enter(_ path: String) -> Bool {
        let next = open(path, O_RDONLY | O_CLOEXEC)
        guard next >= 0 else { return false }
        leave()
        descriptor = next
        var status = stat()
        inode = fstat(next, &status) == 0 ? UInt64(status.st_ino) : 0
        offset = 0
        mark()
        return true
    }

    private func leave() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    private func mark() {
        // A line that has begun in the file before is read from there.
        guard assembler.begun <= offset else { return }
        position = LogPosition(file: inode, offset: offset - assembler.begun)
    }

    private func readMore() -> [LogLine]? {
        guard descriptor >= 0 else { return nil }
        let piece = LogTail.read(descriptor, from: offset, count: 64 << 10)
        guard !piece.isEmpty else { return nil }
        bytes += piece.count
        offset += piece.count
        let lines = assembler.take(piece)
        mark()
        return lines
    }

    /// Goes over to the file that comes after the one being read.
    ///
    /// The monitor writes to the old file until the new one has its name, so the old one is read to its end after that.
    private func openNext() -> [LogLine]? {
        guard descriptor >= 0 else { return enter(path) ? [] : nil }
        var mine = stat()
        var current = stat()
        guard fstat(descriptor, &mine) == 0, stat(path, &current) == 0, current.st_ino != mine.st_ino else {
            return nil
        }
        return readMore() ?? goOn(after: UInt64(mine.st_ino)) { $0.isNewer(than: mine) }
    }

    /// `isOlder`: whether the log before the current one was written to after the one that was read.
    private func goOn(after file: UInt64, isOlder: (stat) -> Bool) -> [LogLine]? {
        // When the log was rotated twice since, what comes next has the old file's name already.
        var old = stat()
        let oldInode = stat(oldPath, &old) == 0 ? UInt64(old.st_ino) : nil
        let ledger = LogLedger(KernelFile.read("\(path).ledger") ?? "")
        var (place, missed) = ledger.next(after: file, old: oldInode)
        // Rotated by a daemon that kept no ledger.
        if missed == nil, oldInode != nil, isOlder(old) { (place, missed) = (.old, 0) }
        let lines = missed == 0 ? [] : assembler.flush() + [gap(missed)]
        guard enter(place == .old ? oldPath : path) else { return nil }
        return lines
    }

    /// Where the last whole line ends: what follows is read as if it came later, so that it is told once.
    private func endOfRecords(_ size: Int) -> Int {
        let start = max(0, size - LogAssembler.lineLimit * 2)
        let bytes = LogTail.read(descriptor, from: start, count: size - start)
        var end = bytes.endIndex
        while let newline = bytes[..<end].lastIndex(of: UInt8(ascii: "\n")) {
            let record = bytes[..<newline].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            let fields = bytes[record..<newline].split(
                separator: UInt8(ascii: " "),
                maxSplits: 3,
                omittingEmptySubsequences: false
            )
            if fields.count < 4 || !fields[2].elementsEqual("P".utf8) { return start + newline + 1 }
            end = newline
        }
        return start
    }

    /// Says that lines are missing, at the place where they are.
    private func gap(_ missed: Int?) -> LogLine {
        let what = missed.map { "about \($0) lines were" } ?? "lines may have been"
        return LogLine(
            timestamp: Timestamp.now().rfc3339,
            stream: .platform,
            text: "roost: \(what) left out here: the log was written faster than it was read",
            machine: machine
        )
    }
}

extension stat {
    /// Written to later.
    fileprivate func isNewer(than other: stat) -> Bool {
        (st_mtim.tv_sec, st_mtim.tv_nsec) > (other.st_mtim.tv_sec, other.st_mtim.tv_nsec)
    }
}
