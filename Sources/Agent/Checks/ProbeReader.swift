import Model

/// Reads the answer to a check as far as a check needs it, and no byte further: the app may send without end.
struct ProbeReader {
    /// The status line and fields, interim answers before the real one counted in.
    static let maximumHead = 64 * 1024
    /// As much of the body as is kept.
    static let maximumOutput = 512

    private(set) var status: Int?
    /// Nil where only the begin of a body is wanted.
    private var wholeLimit: Int?
    private var head: [UInt8] = []
    /// Of all heads so far.
    private var headBytes = 0
    /// Of the present line, without its end.
    private var lineBytes = 0
    private var framing = Framing.untilClose
    private var raw: [UInt8] = []
    private let isHead: Bool

    private enum Framing {
        case none
        case length(Int)
        case chunked
        case untilClose
    }

    /// - Parameter isHead: the request was a HEAD, or its body is nobody's business.
    init(isHead: Bool) {
        self.isHead = isHead
    }

    /// The body as it was meant, at most ``maximumOutput`` bytes of it.
    var body: String {
        let bytes =
            if case .chunked = framing { Self.unchunked(raw).bytes } else if case .length(let length) = framing {
                Array(raw.prefix(length))
            } else { raw }
        return String(decoding: bytes.prefix(Self.maximumOutput), as: UTF8.self)
    }

    /// From now on the body is wanted as a whole, and refused beyond so many bytes.
    mutating func keepsWhole(upTo bytes: Int) { wholeLimit = bytes }

    /// The whole body.
    ///
    /// - Throws: ``Fault`` for one that was cut off, or is too long.
    func whole() throws(Fault) -> [UInt8] {
        var bytes = raw
        var isCut = false
        switch framing {
        case .none: return []
        case .length(let length):
            if let wholeLimit, length > wholeLimit { throw Self.tooLong(wholeLimit) }
            isCut = raw.count < length
        case .chunked:
            let (data, ended) = Self.unchunked(raw)
            (bytes, isCut) = (data, !ended)
        case .untilClose: break
        }
        if let wholeLimit, bytes.count > wholeLimit || raw.count >= maximumRaw { throw Self.tooLong(wholeLimit) }
        if isCut { throw Self.fault("the answer was cut off") }
        return bytes
    }

    /// Takes in what came; true when that is enough.
    ///
    /// - Throws: ``Fault`` for what is no answer.
    mutating func feed(_ bytes: some Collection<UInt8>) throws(Fault) -> Bool {
        var rest = bytes[...]
        while status == nil, let byte = rest.popFirst() {
            headBytes += 1
            guard headBytes <= Self.maximumHead else {
                throw Self.fault("the head of the answer is longer than \(Self.maximumHead) bytes")
            }
            head.append(byte)
            if byte != 10, byte != 13 { lineBytes += 1 }
            guard byte == 10 else { continue }
            defer { lineBytes = 0 }
            guard lineBytes == 0 else { continue }
            try readHead()
            head = []
        }
        guard status != nil else { return false }
        raw += rest.prefix(maximumRaw - raw.count)
        return isWhole
    }

    /// The connection ended.
    ///
    /// - Throws: ``Fault`` when that was too early for an answer.
    func end() throws(Fault) {
        guard status == nil else { return }
        let when = headBytes == 0 ? "without an answer" : "in the middle of its answer"
        throw Self.fault("the app closed the connection \(when)")
    }

    // MARK: - Private

    /// Enough for the output whatever the chunks are.
    private var maximumRaw: Int { wholeLimit.map { $0 + $0 / 8 + 1 } ?? 16 * 1024 }

    private var isWhole: Bool {
        if isHead || raw.count >= maximumRaw { return true }
        if let wholeLimit {
            switch framing {
            case .none: return true
            case .length(let length): return raw.count >= length || length > wholeLimit
            // The connection ends behind it, as was asked for.
            case .untilClose, .chunked: return false
            }
        }
        switch framing {
        case .none: return true
        case .length(let length): return raw.count >= min(length, Self.maximumOutput)
        case .untilClose: return raw.count >= Self.maximumOutput
        case .chunked:
            let (bytes, ended) = Self.unchunked(raw)
            return ended || bytes.count >= Self.maximumOutput
        }
    }

    private mutating func readHead() throws(Fault) {
        let lines = String(decoding: head, as: UTF8.self).split(whereSeparator: \.isNewline)
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].count == 3, let code = Int(words[1]),
            (100...599).contains(code)
        else { throw Self.fault("what the app answers is no HTTP: \"\(lines.first?.prefix(60) ?? "")\"") }
        // Another follows.
        if code < 200, code != 101 { return }
        status = code
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let value = parts[1].drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            switch parts[0].lowercased() {
            case "content-length": if case .untilClose = framing, let n = Int(value), n >= 0 { framing = .length(n) }
            case "transfer-encoding": if value.lowercased().hasSuffix("chunked") { framing = .chunked }
            default: continue
            }
        }
        if code < 200 || code == 204 || code == 304 { framing = .none }
    }

    /// The data of the chunks, and whether the last one was there.
    private static func unchunked(_ raw: [UInt8]) -> (bytes: [UInt8], ended: Bool) {
        var bytes: [UInt8] = []
        var rest = raw[...]
        while let feed = rest.firstIndex(of: 10) {
            let digits = rest[..<feed].prefix { $0 != 59 && $0 != 13 && $0 != 32 }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size > 0 else {
                return (bytes, true)
            }
            rest = rest[(feed + 1)...]
            bytes += rest.prefix(size)
            rest = rest.dropFirst(size).drop { $0 == 13 }.dropFirst()
        }
        return (bytes, false)
    }

    private static func tooLong(_ limit: Int) -> Fault { fault("the answer is longer than \(limit) bytes") }

    private static func fault(_ message: String) -> Fault { Fault(.toolFailed, message) }
}
