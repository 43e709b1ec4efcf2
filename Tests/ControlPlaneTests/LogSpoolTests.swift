import Foundation
import Model
import Testing
import Toolkit

@testable import ControlPlane

@Suite("Lines kept for log drains")
struct LogSpoolTests {
    private final class Folder {
        let path = NSTemporaryDirectory() + "roost-spool-\(UUID())"
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private static func entry(_ number: Int, app: String = "a", size: Int = 0) -> LogEntry {
        let text = "\(number)" + String(repeating: ".", count: size)
        return LogEntry(platform: text, app: app, region: "fra", at: Timestamp(milliseconds: 0))
    }

    private func all(_ spool: LogSpool, from place: Int64 = 0) throws -> [String] {
        var (texts, place) = ([String](), place)
        while let last = try spool.read(from: place).last {
            texts += try spool.read(from: place).map { $0.entry?.text ?? "?" }
            place = last.next
        }
        return texts
    }

    @Test("lines are there after a restart; a last one that was cut off is not, and nothing stands behind it")
    func restart() throws {
        let folder = Folder()
        var spool = try LogSpool(folder: folder.path, limit: 1 << 20, segmentLimit: 300)
        for number in 0..<20 { try spool.append([Self.entry(number), Self.entry(number + 100)]) }
        try spool.sync()
        let end = spool.end
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(files.count > 5)
        try Durable.append(Data("{\"app\":\"a\",\"te".utf8), to: "\(folder.path)/\(files[files.count - 1])")
        var later = try LogSpool(folder: folder.path, limit: 1 << 20, segmentLimit: 300)
        #expect(later.end == end && later.start == 0)
        try later.append([Self.entry(7)])
        #expect(try all(later) == (0..<20).flatMap { ["\($0)", "\($0 + 100)"] } + ["7"])
        #expect(try all(later, from: end) == ["7"])
        try later.remove(before: end)
        #expect(try all(later).suffix(1) == ["7"] && later.start > 0)
    }

    @Test("one that is longer than a request is read whole; what is no line is left out")
    func long() throws {
        let folder = Folder()
        var spool = try LogSpool(folder: folder.path, limit: 1 << 20)
        try spool.append([Self.entry(1, size: 5000), Self.entry(2)])
        let first = try spool.read(from: 0, most: 100)
        #expect(first.first?.entry?.text.utf8.count == 5001)
        #expect(try spool.read(from: try #require(first.first).next, most: 100).first?.entry?.text == "2")
        let file = try FileManager.default.contentsOfDirectory(atPath: folder.path)[0]
        try Durable.append(Data("rubbish\n".utf8), to: "\(folder.path)/\(file)")
        let later = try LogSpool(folder: folder.path, limit: 1 << 20)
        #expect(try later.read(from: spool.end).first?.entry == nil && later.read(from: spool.end).count == 1)
    }

    @Test("beyond its limit the oldest lines go, and are told before")
    func limit() throws {
        let folder = Folder()
        var spool = try LogSpool(folder: folder.path, limit: 2000, segmentLimit: 500)
        var gone: [String] = []
        for number in 0..<100 {
            try spool.append([Self.entry(number)])
            try spool.shrink { lines, start in
                gone += lines.compactMap(\.entry.text)
                #expect(lines.last?.next == start)
            }
            #expect(spool.count <= 2500)
        }
        #expect(try gone + all(spool) == (0..<100).map { "\($0)" } && !gone.isEmpty)
        #expect(try all(spool, from: 3).first == gone.count.description)
    }

    @Test("on a disk without room all lines of a call are kept, or none")
    func full() async throws {
        let folder = Folder()
        try Durable.makeFolder(folder.path)
        try await Command("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.path]).checked()
        var spool = try LogSpool(folder: "\(folder.path)/spool", limit: 1 << 30)
        var kept = 0
        while (try? spool.append((0..<7).map { Self.entry(kept + $0, size: 300) })) != nil { kept += 7 }
        #expect(kept > 50)
        let again = try LogSpool(folder: "\(folder.path)/spool", limit: 1)
        #expect(try all(spool).count == kept && spool.end == again.end)
        try await Command("umount", ["-l", folder.path]).checked()
    }
}
