import Foundation
import Glibc
import Model
import Testing
import Toolkit

@testable import Runtime

@Suite("A Machine's log")
struct LogTests {
    private let machine = Machine.ID.random()

    private func record(_ number: Int, _ text: String, tag: String = "F", stream: String = "stdout") -> String {
        "2026-11-21T03:38:35.\(100_000_000 + number)+00:00 \(stream) \(tag) \(text)\n"
    }

    private func texts(_ lines: [LogLine]) -> [String] { lines.map(\.text) }

    @Test("joins the pieces of a line, for each stream on its own, however the bytes come", arguments: [1, 3, 7, 4096])
    func joins(step: Int) {
        let bytes = Array(
            (record(1, "one ", tag: "P") + record(2, "oops", stream: "stderr") + record(3, "line") + record(4, "")
                + "rubbish\n"
                + record(5, "a  b")).utf8
        )
        var assembler = LogAssembler(machine: machine)
        let lines = stride(from: 0, to: bytes.count, by: step).flatMap { start in
            assembler.take(bytes[start..<min(start + step, bytes.count)])
        }
        #expect(texts(lines) == ["oops", "one line", "", "a  b"])
        #expect(lines.map(\.stream) == [.stderr, .stdout, .stdout, .stdout])
        #expect(lines[1].timestamp == "2026-11-21T03:38:35.100000001+00:00")
        #expect(!assembler.hasOpenLines && assembler.flush().isEmpty)
    }

    @Test("cuts a line after 64 KiB, keeps the next, and gives an unfinished one when asked")
    func cuts() {
        var assembler = LogAssembler(machine: machine)
        let piece = String(repeating: "x", count: 8000)
        var lines: [LogLine] = []
        for _ in 0..<10 { lines += assembler.take(Array(record(1, piece, tag: "P").utf8)) }
        lines += assembler.take(Array((record(2, "") + record(3, "next") + record(4, "prompt> ", tag: "P")).utf8))
        #expect(lines.map { $0.text.utf8.count } == [LogAssembler.lineLimit, 4])
        #expect(assembler.hasOpenLines)
        #expect(texts(assembler.flush()) == ["prompt> "])
    }

    private func withLog(_ body: (_ log: String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "log-\(UInt32.random(in: 0...UInt32.max))")
            .path
        try Durable.makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body("\(folder)/log")
    }

    private func append(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        _ = try FileHandle(fileDescriptor: descriptor).write(contentsOf: Data(text.utf8))
    }

    private func reader(_ path: String, tail: Int, follow: Bool) -> LogReader {
        LogReader(path: path, oldPath: "\(path).1", machine: machine, tail: tail, follow: follow)
    }

    private func rest(of reader: LogReader) async -> [String] {
        var texts: [String] = []
        while let line = await reader.next() { texts.append(line.text) }
        return texts
    }

    @Test(
        "gives its last lines, also from the old file, and what is unfinished",
        arguments: [
            (0, ["open"]), (1, ["3", "open"]), (2, ["2", "3", "open"]), (9, ["0", "1", "2", "3", "open"]),
        ]
    )
    func tail(count: Int, expected: [String]) async throws {
        try await withLog { path in
            try append(record(0, "0") + record(1, "1"), to: "\(path).1")
            try append(record(2, "2") + record(3, "3") + record(4, "open", tag: "P"), to: path)
            #expect(await rest(of: reader(path, tail: count, follow: false)) == expected)
        }
    }

    @Test("gives the last lines of a long file without reading all of it")
    func longTail() async throws {
        try await withLog { path in
            try append((0..<20_000).map { record($0, "line \($0)") }.joined(), to: path)
            let lines = await rest(of: reader(path, tail: 3000, follow: false))
            #expect(lines.count == 3000)
            #expect(lines.first == "line 17000" && lines.last == "line 19999")
        }
    }

    @Test("without a file has no lines")
    func none() async {
        #expect(await rest(of: reader("/nonexistent/log", tail: 10, follow: false)).isEmpty)
    }

    @Test("is followed across a rotation: each line once, in order")
    func follows() async throws {
        try await withLog { path in
            try append(record(0, "0"), to: path)
            let reader = reader(path, tail: 10, follow: true)
            #expect(await reader.next()?.text == "0")
            try append(record(1, "1"), to: path)
            #expect(await reader.next()?.text == "1")
            rename(path, "\(path).1")
            try append(record(2, "2"), to: "\(path).1")
            try append(record(3, "3"), to: path)
            #expect(await reader.next()?.text == "2")
            #expect(await reader.next()?.text == "3")
        }
    }

    @Test("is followed across two rotations at once")
    func followsLate() async throws {
        try await withLog { path in
            try append(record(0, "0"), to: path)
            let reader = reader(path, tail: 10, follow: true)
            #expect(await reader.next()?.text == "0")
            for number in 1...2 {
                rename(path, "\(path).1")
                try append(record(number, "\(number)"), to: path)
            }
            #expect(await reader.next()?.text == "1")
            #expect(await reader.next()?.text == "2")
        }
    }

    @Test("is sealed after a process that ended within a line")
    func seals() async throws {
        try await withLog { path in
            try LogSeal.close(path)
            try append(
                record(0, "done") + record(1, "no ", tag: "P") + record(2, "oops", stream: "stderr")
                    + record(3, "end", tag: "P"),
                to: path
            )
            try LogSeal.close(path)
            try LogSeal.close(path)
            try append(record(4, "next"), to: path)
            #expect(await rest(of: reader(path, tail: 10, follow: false)) == ["done", "oops", "no end", "next"])
        }
    }

    @Test("ends when nobody listens any more")
    func cancels() async throws {
        try await withLog { path in
            try append(record(0, "0"), to: path)
            let reader = reader(path, tail: 0, follow: true)
            await #expect(throws: Fault.self) {
                try await withTimeout(.milliseconds(50), "a line") { await reader.next() }
            }
        }
    }

    @Test("a follower that was too slow is told how many lines are gone, and where")
    func gap() async throws {
        try await withLog { path in
            try append(record(0, "0"), to: path)
            let reader = reader(path, tail: 10, follow: true)
            #expect(await reader.next()?.text == "0")
            var ledger = LogLedger()
            for number in 1...3 {
                var status = stat()
                #expect(stat(path, &status) == 0)
                ledger.add(UInt64(status.st_ino), records: 1)
                try ledger.text.write(toFile: "\(path).ledger", atomically: true, encoding: .utf8)
                #expect(rename(path, "\(path).1") == 0)
                try append(record(number, "\(number)"), to: path)
            }
            // The first is read to its end by its descriptor, the second is gone, the third is the old one.
            #expect(
                await reader.next()?.text
                    == "roost: about 1 lines were left out here: the log was written faster than it was read"
            )
            #expect(await reader.next()?.text == "2")
            #expect(await reader.next()?.text == "3")
        }
    }

    @Test("the ledger knows what comes next and what is missing in between")
    func ledger() {
        var ledger = LogLedger()
        for inode in UInt64(1)...4 { ledger.add(inode, records: Int(inode) * 10) }
        #expect(LogLedger(ledger.text) == ledger)
        #expect(ledger.next(after: 4, old: 4) == (.current, 0))
        #expect(ledger.next(after: 3, old: 4) == (.old, 0))
        #expect(ledger.next(after: 1, old: 4) == (.old, 50))
        #expect(ledger.next(after: 1, old: nil) == (.current, 90))
        #expect(ledger.next(after: 9, old: 4) == (.current, nil))
        for inode in UInt64(5)...500 { ledger.add(inode, records: 1) }
        #expect(ledger.entries.count == LogLedger.maximumEntries)
        #expect(LogLedger("rubbish\n1\n-1 2\n7 8\n").entries == [LogLedger.Entry(inode: 7, records: 8)])
    }
}
