package import NIOCore

/// Takes a body out of the bytes of a connection, as they come.
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
        case trailers([UInt8])
        case done
    }

    private var state: State

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

    /// Takes the next piece; call it until it is starved or at the end.
    ///
    /// > Source: RFC 9112, section 7.1; each line has to end in CRLF, also in a chunk extension.
    package mutating func next(_ buffer: inout ByteBuffer) throws(Malformed) -> Output {
        while true {
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
            case .chunkSize:
                guard let line = try Self.line(from: &buffer, maximum: 1024) else { return .starved }
                let size = try Self.chunkSize(line)
                state = size == 0 ? .trailers([]) : .chunk(size)
            case .chunk(let left):
                guard let data = Self.take(left, from: &buffer) else { return .starved }
                state = left == data.readableBytes ? .chunkEnd : .chunk(left - data.readableBytes)
                return .data(data)
            case .chunkEnd:
                guard let line = try Self.line(from: &buffer, maximum: 2) else { return .starved }
                guard line == [13, 10] else { throw Malformed("chunk longer than its size") }
                state = .chunkSize
            case .trailers(let before):
                guard let line = try Self.line(from: &buffer, maximum: Self.maximumTrailers) else { return .starved }
                guard before.count + line.count <= Self.maximumTrailers else { throw Malformed(431, "long trailers") }
                state = .trailers(before + line)
                guard line == [13, 10] else { continue }
                state = .done
                if before.isEmpty { return .end(trailers: nil) }
                return .end(trailers: try Fields(before + line, from: 0, maximum: 100))
            case .done: return .starved
            }
        }
    }

    // MARK: - Private

    private static let maximumTrailers = 16 * 1024

    private static func take(_ maximum: Int, from buffer: inout ByteBuffer) -> ByteBuffer? {
        let length = min(maximum, buffer.readableBytes)
        return length == 0 ? nil : buffer.readSlice(length: length)
    }

    /// A line with its CRLF, or nil while it is incomplete.
    private static func line(from buffer: inout ByteBuffer, maximum: Int) throws(Malformed) -> [UInt8]? {
        guard let feed = buffer.readableBytesView.prefix(maximum).firstIndex(of: 10) else {
            if buffer.readableBytes >= maximum { throw Malformed("line too long in a chunked body") }
            return nil
        }
        return buffer.readBytes(length: feed - buffer.readerIndex + 1)
    }

    /// Hexadecimal digits, then nothing or an extension, which nobody needs.
    private static func chunkSize(_ line: [UInt8]) throws(Malformed) -> Int {
        var size = 0
        var index = 0
        while let digit = hexadecimal(line[index]) {
            guard index < 15 else { throw Malformed("chunk too large") }
            size = size << 4 | digit
            index += 1
        }
        guard index > 0, line.count >= 2, line[line.count - 2] == 13 else { throw Malformed("bad chunk size") }
        let rest = Characters.trimmed(line, index..<line.count - 2)
        guard rest.isEmpty || line[rest.lowerBound] == 59, line[rest].allSatisfy(Characters.isValue) else {
            throw Malformed("bad chunk extension")
        }
        return size
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
