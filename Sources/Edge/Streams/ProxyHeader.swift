import Model
package import NIOCore

/// The line or block with which a proxy tells, before all else, whom it speaks for.
///
/// > Source: HAProxy, "The PROXY protocol", versions 1 and 2.
package enum ProxyHeader {
    /// Both ends of the client's own connection.
    package struct Ends: Equatable, Sendable {
        package var client: String
        package var clientPort: Int
        package var server: String
        package var serverPort: Int

        package init(client: String, clientPort: Int, server: String, serverPort: Int) {
            self.client = client
            self.clientPort = clientPort
            self.server = server
            self.serverPort = serverPort
        }
    }

    /// What the first bytes of a connection are.
    package enum Reading: Equatable, Sendable {
        case incomplete
        /// So many bytes; nil for one that speaks for itself, as health checks do.
        case header(Ends?, length: Int)
        case invalid
    }

    /// Looks at the first bytes of a connection; asked again when more have come, it costs no more than what it asks for.
    package static func read(_ buffer: ByteBuffer) -> Reading {
        let start = Array(buffer.readableBytesView.prefix(prefixLength))
        if start.starts(with: signature) { return readBinary(start, buffer.readableBytesView) }
        if start.count < signature.count, signature.starts(with: start) { return .incomplete }
        return readText(Array(buffer.readableBytesView.prefix(longestText)))
    }

    /// Version 1, as text.
    package static func text(_ ends: Ends) -> String {
        "PROXY \(ends.client.contains(":") ? "TCP6" : "TCP4") \(ends.client) \(ends.server) "
            + "\(ends.clientPort) \(ends.serverPort)\r\n"
    }

    /// Version 2.
    package static func binary(_ ends: Ends) -> [UInt8] {
        guard let client = IPAddress(ends.client), let server = IPAddress(ends.server),
            client.bytes.count == server.bytes.count
            // For itself: what it could say of the client has no form here.
        else { return signature + [0x20, 0, 0, 0] }
        let isIPv4 = client.bytes.count == 4
        var bytes = signature + [0x21, isIPv4 ? 0x11 : 0x21, 0, isIPv4 ? 12 : 36]
        bytes += client.bytes + server.bytes
        for port in [ends.clientPort, ends.serverPort] { bytes += [UInt8(port >> 8 & 255), UInt8(port & 255)] }
        return bytes
    }

    // MARK: - Private

    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
    /// The signature, version and command, family, and the length of what follows.
    private static let prefixLength = 16
    private static let longestText = 107
    /// A sender may add what it likes to a block; nobody adds kilobytes.
    private static let longest = 2048

    private static func readBinary(_ start: [UInt8], _ all: ByteBufferView) -> Reading {
        guard start.count == prefixLength else { return .incomplete }
        let length = prefixLength + (Int(start[14]) << 8 | Int(start[15]))
        guard start[12] >> 4 == 2, start[12] & 15 <= 1, length <= longest else { return .invalid }
        guard all.count >= length else { return .incomplete }
        let bytes = Array(all.prefix(length))
        let size = bytes[13] == 0x11 ? 4 : bytes[13] == 0x21 ? 16 : 0
        guard bytes[12] & 15 == 1, size > 0 else { return .header(nil, length: length) }
        guard length >= 16 + 2 * size + 4 else { return .invalid }
        let ports = 16 + 2 * size
        let numbers = [ports, ports + 2].map { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) }
        let ends = Ends(
            client: IPAddress(bytes: bytes[16..<16 + size]).text,
            clientPort: numbers[0],
            server: IPAddress(bytes: bytes[16 + size..<16 + 2 * size]).text,
            serverPort: numbers[1]
        )
        return .header(ends, length: length)
    }

    private static func readText(_ bytes: [UInt8]) -> Reading {
        let start = Array("PROXY ".utf8)
        guard bytes.starts(with: start) || start.starts(with: bytes) else { return .invalid }
        guard let end = bytes.prefix(longestText).firstIndex(of: 10) else {
            return bytes.count < longestText ? .incomplete : .invalid
        }
        guard bytes.count > start.count, bytes[end - 1] == 13 else { return .invalid }
        let words = String(decoding: bytes[..<(end - 1)], as: UTF8.self).split(
            separator: " ",
            omittingEmptySubsequences: false
        ).map(String.init)
        if words.count >= 2, words[1] == "UNKNOWN" { return .header(nil, length: end + 1) }
        guard words.count == 6, words[1] == "TCP4" || words[1] == "TCP6", let client = IPAddress(words[2]),
            let server = IPAddress(words[3]), let from = port(words[4]), let to = port(words[5])
        else { return .invalid }
        let ends = Ends(client: client.text, clientPort: from, server: server.text, serverPort: to)
        return .header(ends, length: end + 1)
    }

    private static func port(_ text: String) -> Int? {
        guard text.utf8.count <= 5, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text).flatMap { (0...65_535).contains($0) ? $0 : nil }
    }
}
