import Glibc
import Model
import Toolkit

/// Reads a Machine's log, through rotations, for as long as somebody asks for lines.
///
/// It reads when asked: a slow consumer costs no memory.
actor LogReader {
    private let path: String
    private let oldPath: String
    private let ledgerPath: String
    private let tail: Int
    private let follow: Bool
    private let machine: Machine.ID
    private var descriptor: Int32 = -1
    private var offset = 0
    private var begun = false
    private var ready: ArraySlice<LogLine> = []
    private var assembler: LogAssembler
    private var idle = 0

    /// Bytes of the log that are read in a second at most: who floods his log costs his readers' host little CPU.
    private static let pace = 8 << 20
    private var second = (start: ContinuousClock.now, bytes: 0)
    /// Between two looks at a log that has not grown.
    private static let pause = Duration.milliseconds(100)
    /// A line whose end has not come after so many looks is told as it is.
    private static let patience = 10

    init(path: String, oldPath: String, machine: Machine.ID, tail: Int, follow: Bool) {
        self.path = path
        self.oldPath = oldPath
        ledgerPath = "\(path).ledger"
        self.machine = machine
        self.tail = tail
        self.follow = follow
        assembler = LogAssembler(machine: machine)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The last lines that there are now; to be asked for once, before `next`.
    func past() -> [LogLine] {
        begun = true
        begin()
        defer { ready = [] }
        return Array(ready)
    }

    /// The next line; nil at the end, when the Machine's folder is gone, or when the task is cancelled.
    func next() async -> LogLine? {
        while !Task.isCancelled {
            if let line = ready.popFirst() { return line }
            if !begun {
                begun = true
                begin()
                continue
            }
            if readMore() {
                do {
                    try await keepPace()
                } catch {
                    return nil
                }
                continue
            }
            if openNext() { continue }
            guard follow, idle < Self.patience || KernelFile.exists(path) else {
                ready = assembler.flush()[...]
                guard !ready.isEmpty else { return nil }
                continue
            }
            idle += 1
            if idle == Self.patience, assembler.hasOpenLines { ready = assembler.flush()[...] }
            do {
                try await Task.sleep(for: Self.pause)
            } catch {
                return nil
            }
        }
        return nil
    }

    // MARK: - Private

    /// Opens the log and makes its last lines ready.
    private func begin() {
        guard openNext() else { return }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return }
        offset = endOfRecords(Int(status.st_size))
        ready = LogTail.lines(descriptor, end: offset, count: tail, machine: machine)[...]
        guard ready.count < tail else { return }
        let old = open(oldPath, O_RDONLY | O_CLOEXEC)
        guard old >= 0 else { return }
        defer { close(old) }
        guard fstat(old, &status) == 0 else { return }
        ready = LogTail.lines(old, end: Int(status.st_size), count: tail - ready.count, machine: machine) + ready
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

    /// Waits for the second to end in which as much was read as one may.
    private func keepPace() async throws {
        guard second.bytes >= Self.pace else { return }
        let end = second.start.advanced(by: .seconds(1))
        if ContinuousClock.now < end { try await Task.sleep(until: end) }
        second = (.now, 0)
    }

    /// True when there was something to read.
    private func readMore() -> Bool {
        guard descriptor >= 0 else { return false }
        let bytes = LogTail.read(descriptor, from: offset, count: 64 << 10)
        guard !bytes.isEmpty else { return false }
        idle = 0
        second.bytes += bytes.count
        offset += bytes.count
        ready = assembler.take(bytes)[...]
        return true
    }

    /// Goes over to the file that comes after the one being read; true when there is one.
    ///
    /// The monitor writes to the old file until the new one has its name, so the old one is read to its end after that.
    private func openNext() -> Bool {
        guard descriptor >= 0 else {
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            return descriptor >= 0
        }
        var mine = stat()
        var current = stat()
        guard fstat(descriptor, &mine) == 0, stat(path, &current) == 0, current.st_ino != mine.st_ino, !readMore()
        else { return false }
        // When the log was rotated twice since, what comes next has the old file's name already.
        var old = stat()
        let oldInode = stat(oldPath, &old) == 0 ? UInt64(old.st_ino) : nil
        let ledger = LogLedger(KernelFile.read(ledgerPath) ?? "")
        var (place, missed) = ledger.next(after: UInt64(mine.st_ino), old: oldInode)
        // Rotated by a daemon that kept no ledger.
        if missed == nil, oldInode != nil, old.isNewer(than: mine) { (place, missed) = (.old, 0) }
        let next = open(place == .old ? oldPath : path, O_RDONLY | O_CLOEXEC)
        guard next >= 0 else { return false }
        close(descriptor)
        descriptor = next
        offset = 0
        if missed != 0 { ready = (assembler.flush() + [gap(missed)])[...] }
        return true
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
