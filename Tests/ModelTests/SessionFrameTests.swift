import Model
import Testing

@Suite("Frames of consoles")
struct SessionFrameTests {
    private static let all: [SessionFrame] = [
        .open([1, 2, 3]), .input([]), .input(Array(repeating: 7, count: 70_000)), .endOfInput,
        .resize(TerminalSize(columns: 300, rows: 51)), .signal(15), .output([0, 255]), .errors([10]), .exit(0),
        .exit(137), .exit(-1), .failure([123, 125]),
    ]

    @Test("are read as they were written, in pieces of any size", arguments: [1, 2, 5, 7, 4096, 1 << 20])
    func roundTrip(size: Int) throws {
        let bytes = Self.all.flatMap(\.bytes)
        var reader = SessionFrameReader()
        var read: [SessionFrame] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            read += try reader.feed(bytes[start..<min(start + size, bytes.count)])
        }
        #expect(read == Self.all)
    }

    @Test("a length beyond the limit, an unknown kind and a wrong size are refused, before anything is kept of them")
    func refused() {
        for bytes: [UInt8] in [
            [2, 255, 255, 255, 255], [2, 0, 4, 0, 1], [99, 0, 0, 0, 0], [4, 0, 0, 0, 1, 9], [5, 0, 0, 0, 0],
            [18, 0, 0, 0, 2, 1, 1], [3, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0],
        ] {
            var reader = SessionFrameReader()
            #expect(throws: Fault.self, "\(bytes)") { try reader.feed(bytes) }
        }
    }

    @Test("any bytes are frames or a fault, never a crash")
    func fuzz() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var reader = SessionFrameReader()
            for _ in 0..<4 {
                let count = Int.random(in: 0...40, using: &generator)
                // Small numbers make lengths that can be.
                let bytes = (0..<count).map { _ in UInt8.random(in: 0...(Bool.random() ? 5 : 255), using: &generator) }
                guard (try? reader.feed(bytes)) != nil else { break }
            }
        }
    }

    @Test("orders that no system call takes are refused")
    func orders() throws {
        for command in [["a\0b"], [""], [String(repeating: "x", count: 200_000)]] {
            #expect(throws: Fault.self) { try SessionOrder(command: command).check() }
        }
        #expect(throws: Fault.self) { try SessionOrder(command: ["a"], user: "\0").check() }
        try SessionOrder(command: []).check()
    }
}
