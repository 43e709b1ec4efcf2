#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension DNSAnswer.Record {
    /// What it says, as `dig` shows it; nil for a kind that is not ours.
    package var text: String? {
        switch type {
        case DNSType.a where data.count == 4: return data.map { "\($0)" }.joined(separator: ".")
        case DNSType.aaaa where data.count == 16:
            var text = [CChar](repeating: 0, count: 64)
            guard inet_ntop(AF_INET6, data, &text, socklen_t(text.count)) != nil else { return nil }
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        case DNSType.txt:
            var (bytes, place): ([UInt8], Int) = ([], 0)
            while place < data.count {
                let end = min(place + 1 + Int(data[place]), data.count)
                bytes += data[place + 1..<end]
                place = end
            }
            return String(decoding: bytes, as: UTF8.self)
        case DNSType.ptr: return DNSName(data, at: 0)?.labels.joined(separator: ".")
        default: return nil
        }
    }
}

extension DNSType {
    /// The kinds that our own names have, by the word that people write.
    package static let words: [String: UInt16] = ["A": a, "AAAA": aaaa, "TXT": txt, "PTR": ptr]
}

extension DNSCode {
    /// As `dig` writes it.
    package var word: String {
        switch self {
        case .noError: "NOERROR"
        case .formatError: "FORMERR"
        case .serverFailure: "SERVFAIL"
        case .noName: "NXDOMAIN"
        case .notImplemented: "NOTIMP"
        case .refused: "REFUSED"
        case .badVersion: "BADVERS"
        }
    }
}
