import Crypto
import Foundation
import Toolkit

/// Digests as text.
enum Hex {
    /// 64 lower-case hex digits.
    static func text(_ digest: SHA256.Digest) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in digest {
            text.append(digit(byte >> 4))
            text.append(digit(byte & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The digest of a text, in hex digits.
    static func digest(of text: String) -> String {
        Self.text(SHA256.hash(data: Data(text.utf8)))
    }

    /// Whether a text is 64 lower-case hex digits, and so safe as a file's name.
    static func isDigest(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }

    /// The hex digits of `sha256:<hex>`; nil for anything else.
    static func digits(of digest: String) -> String? {
        guard digest.hasPrefix("sha256:") else { return nil }
        let digits = digest.dropFirst("sha256:".count)
        return isDigest(digits) ? String(digits) : nil
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
