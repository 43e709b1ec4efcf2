/// One piece of what a console and its server say to each other, in both directions.
///
/// On the wire it is a byte that says what it is, four for the length, highest first, and the content.
package enum SessionFrame: Equatable, Sendable {
    /// The first of a client's frames: a ``SessionOrder`` in JSON.
    case open([UInt8])
    case input([UInt8])
    case endOfInput
    case resize(TerminalSize)
    /// A signal's number on Linux.
    case signal(UInt8)
    case output([UInt8])
    case errors([UInt8])
    /// The last of a server's frames: the exit code, or 128 + the signal.
    case exit(Int32)
    /// The last one, when it could not be done: an ``ErrorBody`` in JSON.
    case failure([UInt8])

    /// The most bytes of one frame's content.
    package static let maximumBytes = 256 << 10

    /// As it goes over the wire.
    package var bytes: [UInt8] {
        switch self {
        case .open(let content): Self.framed(1, content)
        case .input(let content): Self.framed(2, content)
        case .endOfInput: Self.framed(3, [])
        case .resize(let size): Self.framed(4, Self.two(size.columns) + Self.two(size.rows))
        case .signal(let number): Self.framed(5, [number])
        case .output(let content): Self.framed(16, content)
        case .errors(let content): Self.framed(17, content)
        case .exit(let code): Self.framed(18, Self.four(UInt32(bitPattern: code)))
        case .failure(let content): Self.framed(19, content)
        }
    }

    // MARK: - Private

    private static func framed(_ kind: UInt8, _ content: [UInt8]) -> [UInt8] {
        [kind] + four(UInt32(content.count)) + content
    }

    private static func two(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }

    private static func four(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    fileprivate init?(kind: UInt8, _ content: ArraySlice<UInt8>) {
        let content = Array(content)
        switch (kind, content.count) {
        case (1, _): self = .open(content)
        case (2, _): self = .input(content)
        case (3, 0): self = .endOfInput
        case (4, 4):
            let numbers = content.map(UInt16.init)
            self = .resize(TerminalSize(columns: numbers[0] << 8 | numbers[1], rows: numbers[2] << 8 | numbers[3]))
        case (5, 1): self = .signal(content[0])
        case (16, _): self = .output(content)
        case (17, _): self = .errors(content)
        case (18, 4): self = .exit(Int32(bitPattern: content.reduce(0) { $0 << 8 | UInt32($1) }))
        case (19, _): self = .failure(content)
        default: return nil
        }
    }
}

/// Takes frames out of bytes as they come, in pieces of any size.
package struct SessionFrameReader: Sendable {
    private var bytes: [UInt8] = []

    package init() {}

    /// The frames that are whole with these bytes.
    ///
    /// - Throws: ``Fault`` `invalidRequest` for what is no frame; nothing more can be read then.
    package mutating func feed(_ more: some Sequence<UInt8>) throws(Fault) -> [SessionFrame] {
        bytes.append(contentsOf: more)
        var frames: [SessionFrame] = []
        var start = 0
        while bytes.count - start >= 5 {
            let length = bytes[start + 1..<start + 5].reduce(0) { $0 << 8 | Int($1) }
            guard length <= SessionFrame.maximumBytes else {
                throw Fault(.invalidRequest, "a frame of \(length) bytes is longer than \(SessionFrame.maximumBytes)")
            }
            guard bytes.count - start >= 5 + length else { break }
            guard let frame = SessionFrame(kind: bytes[start], bytes[start + 5..<start + 5 + length]) else {
                throw Fault(.invalidRequest, "a frame of kind \(bytes[start]) with \(length) bytes means nothing")
            }
            frames.append(frame)
            start += 5 + length
        }
        bytes.removeFirst(start)
        return frames
    }
}
