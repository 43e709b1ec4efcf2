package import NIOCore
package import NIOHPACK

/// Takes the driver's answer, which is HTTP/1.1, apart into what HTTP/2 sends.
package struct AnswerTranslation: Sendable {
    /// A piece of an answer.
    package enum Piece: Sendable {
        /// `ends` when nothing follows.
        case head(HPACKHeaders, ends: Bool)
        case data(ByteBuffer)
        case end(HPACKHeaders?)
    }

    /// Whether the answer has been given in full.
    package private(set) var isComplete = false
    /// Bytes pass as they are from here on.
    package private(set) var isOpen = false

    /// - Parameters:
    ///   - isHead: the request's answer has no body, whatever its head says.
    ///   - isTunnel: the request was to open a WebSocket; what follows a 101 is passed on as it is.
    package init(isHead: Bool, isTunnel: Bool = false) {
        self.isHead = isHead
        self.isTunnel = isTunnel
    }

    package mutating func add(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next piece; nil until more has come.
    package mutating func next() throws(Malformed) -> Piece? {
        guard !isComplete else { return nil }
        if isOpen {
            guard buffer.readableBytes > 0 else { return nil }
            defer { buffer = ByteBuffer() }
            return .data(buffer)
        }
        guard var body = decoder else { return try head() }
        let output = try body.next(&buffer)
        decoder = body
        switch output {
        case .starved: return nil
        case .data(let bytes): return .data(bytes)
        case .end(let trailers):
            isComplete = true
            return .end(trailers.flatMap(Self.headers))
        }
    }

    // MARK: - Private

    private let isHead: Bool
    private let isTunnel: Bool
    private var buffer = ByteBuffer()
    private var finder = HeadFinder()
    private var decoder: BodyDecoder?

    private mutating func head() throws(Malformed) -> Piece? {
        guard let length = finder.find(in: buffer) else { return nil }
        let head = try ResponseHead(buffer.readBytes(length: length) ?? [], isHead: isHead)
        isOpen = isTunnel && head.status == 101
        var headers = HPACKHeaders([(":status", isOpen ? "200" : "\(head.status)")])
        for line in head.fields.lines where Self.isPassedOn(line.kind) {
            // RFC 8441, section 5: what it proves is HTTP/2's own affair.
            if isOpen, Characters.equal(head.fields.bytes, line.name, "sec-websocket-accept") { continue }
            headers.add(name: head.fields.text(line.name).lowercased(), value: head.fields.text(line.value))
        }
        if isOpen { return .head(headers, ends: false) }
        if head.isInformational {
            finder = HeadFinder()
            return .head(headers, ends: false)
        }
        if head.framing == .none || head.framing == .length(0) {
            isComplete = true
            return .head(headers, ends: true)
        }
        decoder = BodyDecoder(head.framing)
        return .head(headers, ends: false)
    }

    /// Fields of one connection only are no part of HTTP/2.
    static func isPassedOn(_ kind: FieldKind) -> Bool {
        switch kind {
        case .connection, .transferEncoding, .upgrade, .hop, .te: false
        case .other, .host, .contentLength, .via, .server, .date, .forwardedFor, .requestID, .edge, .disguised,
            .contentType, .contentEncoding, .trace, .routing, .replay:
            true
        }
    }

    static func headers(_ trailers: Fields) -> HPACKHeaders? {
        var headers = HPACKHeaders()
        for line in trailers.lines where TrailerRules.passes(line, of: trailers) {
            headers.add(name: trailers.text(line.name).lowercased(), value: trailers.text(line.value))
        }
        return headers.isEmpty ? nil : headers
    }
}
