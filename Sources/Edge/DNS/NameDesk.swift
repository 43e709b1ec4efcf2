import Logging
import Model
import NIOCore

/// Where questions come together, by whichever way they came; lives on the resolver's one event loop.
final class NameDesk {
    let loop: any EventLoop
    private let book: NameBook
    private let forwarder: Forwarder
    private let answersIPv4: Bool
    /// Connections that each address has open.
    private var streams: [[UInt8]: Int] = [:]
    private var turn = 0
    /// Answers of ours that were made already, of one revision.
    private var made: [Made: DNSAnswer] = [:]
    private var madeRevision: Int64 = -1

    private struct Made: Hashable {
        var caller: NameIndex.Caller?
        var name: DNSName
        var type: UInt16
    }

    /// Connections by TCP of one Machine, and of all.
    private static let streamsEach = 16
    private static let streamsAll = 512
    /// Answers kept ready.
    private static let madeLimit = 10_000

    init(_ book: NameBook, _ settings: NameServer.Settings, loop: any EventLoop, logger: Logger) {
        self.book = book
        self.loop = loop
        answersIPv4 = settings.answersIPv4
        forwarder = Forwarder(settings, loop: loop, logger: logger)
    }

    /// Answers a message, now or later, on the event loop; what is no question is not answered.
    ///
    /// - Parameters:
    ///   - bytes: the message.
    ///   - source: the asker's address, 4 or 16 bytes.
    ///   - limit: the longest answer; nil: as the question says.
    ///   - reply: takes the answer.
    func ask(_ bytes: [UInt8], from source: [UInt8], limit: Int?, reply: @escaping ([UInt8]) -> Void) {
        switch DNSQuery.read(bytes) {
        case .nothing: return
        case .wrong(let id, let code): reply(DNSAnswer.refusal(id: id, code))
        case .query(let query):
            let limit = limit ?? query.limit
            if let version = query.edns?.version, version > 0 {
                return reply(DNSAnswer(.badVersion).bytes(to: query, limit: limit))
            }
            if let own = answer(query, source) {
                turn &+= 1
                return reply(own.bytes(to: query, limit: limit, turn: turn & 0xffff))
            }
            guard query.recursionDesired else {
                return reply(DNSAnswer(.refused).bytes(to: query, limit: limit))
            }
            forwarder.ask(query, for: source) { outcome in
                switch outcome {
                case .reply(let found, let age, let stale):
                    reply(found.bytes(to: query, limit: limit, age: age, stale: stale))
                case .failure: reply(DNSAnswer(.serverFailure).bytes(to: query, limit: limit))
                }
            }
        }
    }

    /// Whether an address may open one more connection; `leave` ends it.
    func enter(_ source: [UInt8]) -> Bool {
        guard streams[source, default: 0] < Self.streamsEach, streams.values.reduce(0, +) < Self.streamsAll else {
            return false
        }
        streams[source, default: 0] += 1
        return true
    }

    func leave(_ source: [UInt8]) {
        guard let count = streams[source] else { return }
        streams[source] = count > 1 ? count - 1 : nil
    }

    // MARK: - Private

    /// Nil for a name that others know.
    private func answer(_ query: DNSQuery, _ source: [UInt8]) -> DNSAnswer? {
        let (caller, revision) = book.look { ($0.caller(source), $0.revision) }
        if revision != madeRevision || made.count >= Self.madeLimit { (made, madeRevision) = ([:], revision) }
        let key = Made(caller: caller, name: query.name.folded, type: query.type)
        if let ready = made[key] { return ready }
        let answersIPv4 = answersIPv4
        guard let fresh = book.look({ $0.answer(query, for: caller, answersIPv4: answersIPv4) }) else { return nil }
        made[key] = fresh
        return fresh
    }
}

extension SocketAddress {
    /// 4 or 16 bytes; none for a socket without an address.
    ///
    /// > Source: `ip(7)` and `ipv6(7)` for where they stand in `sockaddr_in` and `sockaddr_in6`.
    var hostBytes: [UInt8] {
        switch self {
        case .v4(let address): withUnsafeBytes(of: address.address) { Array($0[4..<8]) }
        case .v6(let address): withUnsafeBytes(of: address.address) { Array($0[8..<24]) }
        case .unixDomainSocket: []
        }
    }
}
