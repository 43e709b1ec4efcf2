import Foundation
import Glibc
import Model
import Testing
import Toolkit

@testable import Runtime

@Suite("A log that is read in parts")
struct LogTapTests {
    private let machine = Machine.ID.random()

    /// A log and what rotates it.
    private final class File {
        let path = NSTemporaryDirectory() + "roost-tap-\(UUID())"

        init() throws { try Durable.makeFolder(path) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        var log: String { "\(path)/log" }

        func write(_ texts: String..., tag: String = "F") throws {
            let text = texts.map { "2026-11-21T03:38:35.1+00:00 stdout \(tag) \($0)\n" }.joined()
            try append(text)
        }

        func append(_ text: String) throws { try Durable.append(Data(text.utf8), to: log) }

        func rotate(ledger: Bool = true) throws {
            var status = stat()
            #expect(stat(log, &status) == 0)
            let records = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").count
            if ledger {
                try Durable.append(Data("\(status.st_ino) \(records)\n".utf8), to: "\(log).ledger")
            }
            #expect(rename(log, "\(log).1") == 0)
        }
    }

    private func tap(_ file: File, _ start: LogStart) -> LogTapReader {
        LogTapReader(path: file.log, oldPath: "\(file.log).1", machine: machine, from: start)
    }

    @Test("from the end, from the beginning, and when the log comes later")
    func starts() async throws {
        let file = try File()
        let early = tap(file, .beginning)
        #expect(await early.read() == LogBatch())
        try file.write("one")
        try file.rotate()
        try file.write("two")
        #expect(await tap(file, .end).read().lines.isEmpty)
        let late = tap(file, .end)
        try file.write("three")
        #expect(await texts(late) == ["three"])
        #expect(await texts(early) == ["two", "three"])
        #expect(await texts(tap(file, .beginning)) == ["one", "two", "three"])
    }

    @Test("goes on where it was, also in the old file, and says what is gone")
    func resumes() async throws {
        let file = try File()
        try file.write("one")
        let first = tap(file, .beginning)
        let place = try #require(await first.read().position)
        try file.write("two")
        #expect(await texts(tap(file, .after(place))) == ["two"])
        try file.rotate()
        try file.write("three")
        #expect(await texts(tap(file, .after(place))) == ["two", "three"])
        try file.rotate()
        try file.write("four", "five")
        let later = await texts(tap(file, .after(place)))
        #expect(later.suffix(3) == ["three", "four", "five"], "\(later)")
        try file.rotate()
        try file.write("six")
        let gone = await texts(tap(file, .after(place)))
        #expect(gone.first?.contains("about 1 lines were left out here") == true, "\(gone)")
        #expect(gone.suffix(3) == ["four", "five", "six"])
        #expect(await texts(first).suffix(3) == ["four", "five", "six"])
    }

    @Test("a line of which a part is there is read once more, and told once whole")
    func parts() async throws {
        let file = try File()
        try file.write("one")
        try file.write("two, ", tag: "P")
        try file.append("2026-11-21T03:38:35.1+00:00 std")
        let reader = tap(file, .beginning)
        let batch = await reader.read()
        #expect(batch.lines.map(\.text) == ["one"])
        let place = try #require(batch.position)
        try file.append("out F and its end\n")
        #expect(await texts(reader) == ["two, and its end"])
        #expect(await texts(tap(file, .after(place))) == ["two, and its end"])
    }

    @Test("what a destroyed Machine has written can be read to its end")
    func destroyed() async throws {
        let file = try File()
        try file.write("one")
        let reader = tap(file, .beginning)
        #expect(await texts(reader) == ["one"])
        try file.write("last words")
        try FileManager.default.removeItem(atPath: file.path)
        #expect(await texts(reader) == ["last words"])
        #expect(await reader.read().lines.isEmpty)
    }

    private func texts(_ reader: LogTapReader) async -> [String] {
        var texts: [String] = []
        while true {
            let lines = await reader.read().lines
            if lines.isEmpty { return texts }
            texts += lines.map(\.text)
        }
    }
}
