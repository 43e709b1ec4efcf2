package import NIOCore

/// Takes a body out of the bytes of a connection, as they come.
///
/// Each byte is looked at once, however small the pieces and the chunks are.
package struct BodyDecoder: Sendable {
    /// What came out.
    package enum Output: Sendable {
        case data(ByteBuffer)
        case end(trailers: Fields?)
        /// Nothing more in these bytes.
        case starved
    }

    private enum State: Sendable {
        case length(Int)
        case untilClose
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailers
        case done
    }

    private var state: State
    /// Bytes of an unfinished line that were looked at and hold no end.
    private var scanned = 0
    private var trailers: [UInt8] = []

    package init(_ framing: BodyFraming) {
        state =
            switch framing {
            case .none: .length(0)
            case .length(let length): .length(length)
            case .chunked: .chunkSize
            case .untilClose: .untilClose
            }
    }

    /// The end of the connection is the proper end of this body.
    package var endsAtClose: Bool {
        if case .untilClose = state { true } else { false }
    }

    /// The sender has said how much comes; without that, the end comes when the sender likes.
    package var isCounted: Bool {
        if case .length = state { true } else { false }
    }

    /// Takes the next piece; call it until it is starved or at the end.
    ///
    /// > Source: RFC 9112, section 7.1; each line has to end in CRLF, also in a chunk extension.
    package mutating func next(_ buffer: inout ByteBuffer) throws(Malformed) -> Output {
        switch state {
        case .length(0):
            state = .done
            return .end(trailers: nil)
        case .length(let left):
            guard let data = Self.take(left, from: &buffer) else { return .starved }
            state = .length(left - data.readableBytes)
            return .data(data)
        case .untilClose:
            guard let data = Self.take(.max, from: &buffer) else { return .starved }
            return .data(data)
        case .chunkSize, .chunk, .chunkEnd:
            var gathered = ByteBuffer()
            do throws(Malformed) {
                while try step(&buffer, &gathered) {}
            } catch {
                // What came before is right; the fault is still there for the next call.
                if gathered.readableBytes == 0 { throw error }
            }
            if gathered.readableBytes > 0 { return .data(gathered) }
            if case .trailers = state { return try readTrailers(&buffer) }
            return .starved
        case .trailers: return try readTrailers(&buffer)
        case .done: return .starved
        }
    }

    // MARK: - Private

    private static let maximumTrailers = 16 * 1024
    private static let maximumSizeLine = 1024
    /// Smaller pieces are put together, larger ones passed on without a copy.
    private static let copied = 2048
    private static let gathers = 16 * 1024

    private static func take(_ maximum: Int, from buffer: inout ByteBuffer) -> ByteBuffer? {
        let length = min(maximum, buffer.readableBytes)
        return length == 0 ? nil : buffer.readSlice(length: length)
    }

    /// Takes one part of a chunk; false when there is something to hand on, or nothing more to take.
    private mutating func step(_ buffer: inout ByteBuffer, _ gathered: inout ByteBuffer) throws(Malformed) -> Bool {
        switch state {
        case .chunkSize:
            guard let length = try line(in: buffer, maximum: Self.maximumSizeLine) else { return false }
            let size = try buffer.withUnsafeReadableBytes {
                Self.chunkSize(UnsafeRawBufferPointer(rebasing: $0[..<length]))
            }
            .get()
            scanned = 0
            buffer.moveReaderIndex(forwardBy: length)
            state = size == 0 ? .trailers : .chunk(size)
            return size > 0
        case .chunk(let left):
            let length = min(left, buffer.readableBytes)
            guard length > 0 else { return false }
            if gathered.readableBytes > 0, length > Self.copied || gathered.readableBytes > Self.gathers {
                return false
            }
            guard let piece = buffer.readSlice(length: length) else { return false }
            state = left == length ? .chunkEnd : .chunk(left - length)
            if gathered.readableBytes == 0 { gathered = piece } else { gathered.writeImmutableBuffer(piece) }
            return length <= Self.copied
        case .chunkEnd:
            let (first, second) = buffer.withUnsafeReadableBytes { ($0.first, $0.dropFirst().first) }
            guard first ?? 13 == 13, second ?? 10 == 10 else { throw Malformed("chunk longer than its size") }
            guard second != nil else { return false }
            buffer.moveReaderIndex(forwardBy: 2)
            state = .chunkSize
            return true
        case .length, .untilClose, .trailers, .done: return false
        }
    }

    private mutating func readTrailers(_ buffer: inout ByteBuffer) throws(Malformed) -> Output {
        while true {
            guard let length = try line(in: buffer, maximum: Self.maximumTrailers) else { return .starved }
            guard trailers.count + length <= Self.maximumTrailers else { throw Malformed(431, "long trailers") }
            scanned = 0
            let isLast = buffer.withUnsafeReadableBytes { length == 2 && $0[0] == 13 }
            trailers.append(contentsOf: buffer.readableBytesView.prefix(length))
            buffer.moveReaderIndex(forwardBy: length)
            guard isLast else { continue }
            state = .done
            return .end(trailers: length == trailers.count ? nil : try Fields(trailers, from: 0, maximum: 100))
        }
    }

    /// The length of the line that begins here, with its line feed; nil while it is incomplete.
    private mutating func line(in buffer: ByteBuffer, maximum: Int) throws(Malformed) -> Int? {
        let start = scanned
        let feed = buffer.withUnsafeReadableBytes { bytes in
            bytes[min(start, bytes.count)..<min(bytes.count, maximum)].firstIndex(of: 10)
        }
        if let feed { return feed + 1 }
        scanned = min(buffer.readableBytes, maximum)
        if buffer.readableBytes >= maximum { throw Malformed("line too long in a chunked body") }
        return nil
    }

    /// Hexadecimal digits, then nothing or an extension, which nobody needs.
    private static func chunkSize(_ line: UnsafeRawBufferPointer) -> Result<Int, Malformed> {
        var size = 0
        var index = 0
        while let digit = hexadecimal(line[index]) {
            guard index < 15 else { return .failure(Malformed("chunk too large")) }
            size = size << 4 | digit
            index += 1
        }
        guard index > 0, line.count >= 2, line[line.count - 2] == 13 else {
            return .failure(Malformed("bad chunk size"))
        }
        let rest = line[index..<line.count - 2].drop(while: Characters.isBlank)
        guard rest.isEmpty || rest.first == 59, rest.allSatisfy(Characters.isValue) else {
            return .failure(Malformed("bad chunk extension"))
        }
        return .success(size)
    }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 48...57: Int(byte) - 48
        case 65...70: Int(byte) - 55
        case 97...102: Int(byte) - 87
        default: nil
        }
    }
}
