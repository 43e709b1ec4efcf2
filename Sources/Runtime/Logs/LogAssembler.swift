import Model

/// Puts the lines of a Machine together from what conmon has written, in pieces of any size.
///
/// A record is `<time> <stream> <tag> <text>`; the tag is `P` for a piece whose line goes on in the next record of the
/// same stream, `F` for its end.
///
/// > Source: conmon 2.1, `ctr_logging.c`; Kubernetes CRI log format.
struct LogAssembler {
    /// Bytes of a line that are kept.
    static let lineLimit = 64 << 10

    private let machine: Machine.ID
    private var rest: [UInt8] = []
    private var open: [LogLine.Stream: Piece] = [:]

    private struct Piece {
        var timestamp: String
        var bytes: [UInt8]
    }

    init(machine: Machine.ID) {
        self.machine = machine
    }

    /// Whether something waits for its line's end.
    var hasOpenLines: Bool { !open.isEmpty }

    /// Bytes since the last place at which each line had come whole.
    private(set) var begun = 0

    /// Takes in the next bytes; returns the lines that they complete.
    mutating func take(_ bytes: some Collection<UInt8>) -> [LogLine] {
        var lines: [LogLine] = []
        var start = bytes.startIndex
        // Where the last line of those that had come ended, if it did here.
        var whole: Int?
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if rest.isEmpty {
                if let line = record(bytes[start..<end]) { lines.append(line) }
            } else {
                rest += bytes[start..<end]
                if let line = record(rest) { lines.append(line) }
                rest = []
            }
            start = bytes.index(after: end)
            if open.isEmpty { whole = bytes.distance(from: bytes.startIndex, to: start) }
        }
        begun = whole.map { bytes.count - $0 } ?? begun + bytes.count
        // conmon's records are at most 8 KiB and a head; what is longer is none.
        if rest.count < Self.lineLimit { rest += bytes[start...] }
        return lines
    }

    /// Ends lines whose end does not come: a prompt, or the last words before a crash.
    mutating func flush() -> [LogLine] {
        let lines = open.map { stream, piece in line(stream, piece) }.sorted { $0.timestamp < $1.timestamp }
        open = [:]
        return lines
    }

    // MARK: - Private

    private mutating func record(_ bytes: some Collection<UInt8>) -> LogLine? {
        let parts = bytes.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let stream = LogLine.Stream(rawValue: String(decoding: parts[1], as: UTF8.self))
        else { return nil }
        var piece =
            open.removeValue(forKey: stream)
            ?? Piece(timestamp: String(decoding: parts[0], as: UTF8.self), bytes: [])
        piece.bytes += parts[3].prefix(Self.lineLimit - piece.bytes.count)
        guard parts[2].elementsEqual("P".utf8) else { return line(stream, piece) }
        open[stream] = piece
        return nil
    }

    private func line(_ stream: LogLine.Stream, _ piece: Piece) -> LogLine {
        LogLine(
            timestamp: piece.timestamp,
            stream: stream,
            text: String(decoding: piece.bytes, as: UTF8.self),
            machine: machine
        )
    }
}
