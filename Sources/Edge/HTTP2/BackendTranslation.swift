package import NIOCore
package import NIOHPACK

/// Takes the driver's request, which is HTTP/1.1, apart into what an app hears that speaks HTTP/2.
///
/// > Source: RFC 9113, section 8.3.1.
package struct BackendRequest: Sendable {
    package private(set) var isHead = false
    /// The request has been given in full.
    package private(set) var isComplete = false

    package init() {}

    package mutating func add(_ bytes: ByteBuffer) {
        var bytes = bytes
        buffer.append(arrived: &bytes)
    }

    /// The next piece; nil until more has come.
    package mutating func next() throws(Malformed) -> AnswerTranslation.Piece? {
        guard !isComplete else { return nil }
        guard var body = decoder else { return try head() }
        let output = try body.next(&buffer)
        decoder = body
        switch output {
        case .starved: return nil
        case .data(let bytes): return .data(bytes)
        case .end(let trailers):
            isComplete = true
            return .end(trailers.flatMap(AnswerTranslation.headers))
        }
    }

    // MARK: - Private

    /// More than what the driver, which has bounds of its own, ever writes.
    private static let bounds = RequestHead.Bounds(target: 1 << 20, fields: 4096)

    private var buffer = ByteBuffer()
    private var finder = HeadFinder()
    private var decoder: BodyDecoder?

    private mutating func head() throws(Malformed) -> AnswerTranslation.Piece? {
        guard let length = finder.find(in: buffer) else { return nil }
        let head = try RequestHead(buffer.readBytes(length: length) ?? [], bounds: Self.bounds)
        isHead = head.method == "HEAD"
        let fields = head.fields
        var headers = HPACKHeaders([
            (":method", head.method), (":scheme", "http"), (":path", fields.text(head.target)),
            (":authority", fields.text(head.authority)),
        ])
        for line in fields.lines where line.kind != .host && AnswerTranslation.isPassedOn(line.kind) {
            headers.add(name: fields.text(line.name).lowercased(), value: fields.text(line.value))
        }
        if head.acceptsTrailers { headers.add(name: "te", value: "trailers") }
        guard head.framing != .none, head.framing != .length(0) else {
            isComplete = true
            return .head(headers, ends: true)
        }
        decoder = BodyDecoder(head.framing)
        return .head(headers, ends: false)
    }
}

/// Writes an app's answer in HTTP/2 as HTTP/1.1 has it, for the driver.
package struct BackendAnswer: Sendable {
    private let isHead: Bool
    private var isBegun = false
    private var isChunked = false

    /// After a HEAD request no body follows, whatever the head says.
    package init(isHead: Bool) {
        self.isHead = isHead
    }

    /// Writes a head, an interim one too, or the trailers behind a body.
    package mutating func write(_ headers: HPACKHeaders, ends: Bool, to buffer: inout ByteBuffer) throws(Malformed) {
        for (name, value, _) in headers { try RequestTranslation.check(name, value) }
        guard !isBegun else {
            if isChunked { try RequestTranslation.writeEnd(headers, to: &buffer) }
            return
        }
        let words = headers[":status"]
        guard words.count == 1, let word = words.first, let status = Int(word), (100...599).contains(status),
            word.utf8.count == 3, status != 101
        else { throw Malformed("bad :status") }
        buffer.writeString("HTTP/1.1 \(status) \r\n")
        // A length beside trailers would leave no place for them.
        let mayHaveTrailers = headers["content-type"].contains { $0.hasPrefix("application/grpc") }
        let isBodiless = isHead || status < 200 || status == 204 || status == 304
        let hasLength = !headers["content-length"].isEmpty && !mayHaveTrailers
        for (name, value, _) in headers where !name.hasPrefix(":") {
            if name == "content-length", !hasLength { continue }
            buffer.writeString("\(name): \(value)\r\n")
        }
        if status >= 200 {
            isBegun = true
            isChunked = !isBodiless && !ends && !hasLength
            if isChunked { buffer.writeStaticString("transfer-encoding: chunked\r\n") }
            if ends, !isBodiless, !hasLength { buffer.writeStaticString("content-length: 0\r\n") }
        }
        buffer.writeStaticString("\r\n")
    }

    /// Writes a piece of the body.
    package func write(_ data: ByteBuffer, ends: Bool, to buffer: inout ByteBuffer) throws(Malformed) {
        guard isBegun else { throw Malformed("a body before its head") }
        guard isChunked else {
            buffer.writeImmutableBuffer(data)
            return
        }
        if data.readableBytes > 0 {
            buffer.writeChunkSize(data.readableBytes)
            buffer.writeImmutableBuffer(data)
            buffer.writeStaticString("\r\n")
        }
        if ends { try RequestTranslation.writeEnd(nil, to: &buffer) }
    }
}
