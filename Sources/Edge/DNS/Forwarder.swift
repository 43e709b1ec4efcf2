import Foundation
import Logging
import Model
import NIOCore
import NIOPosix

/// Asks others about public names, and keeps what they say for as long as they say.
///
/// A forged answer would have to guess the port, the number and the case of each letter; and a question that is under
/// way is not asked a second time, so that there is one to guess for.
///
/// > Source: RFC 5452.
final class Forwarder {
    enum Outcome {
        case reply(DNSReply, age: Int, stale: Bool)
        case failure
    }

    private let settings: NameServer.Settings
    private let loop: any EventLoop
    private let logger: Logger
    private var cache = ReplyCache()
    private var waiting: [ReplyCache.Key: [(Outcome) -> Void]] = [:]
    /// Questions of one Machine that wait for others.
    private var open: [[UInt8]: Int] = [:]
    private var servers: [String] = []
    private var lookedAt: ContinuousClock.Instant?

    /// Questions under way of one Machine, and of all.
    private static let openEach = 128
    private static let openAll = 1024
    /// How often is looked whether the host asks others by now.
    private static let lookInterval = Duration.seconds(2)

    init(_ settings: NameServer.Settings, loop: any EventLoop, logger: Logger) {
        self.settings = settings
        self.loop = loop
        self.logger = logger
    }

    /// Answers from what is kept, or asks.
    func ask(_ query: DNSQuery, for source: [UInt8], done: @escaping (Outcome) -> Void) {
        let key = ReplyCache.Key(query)
        if let kept = cache.fresh(key, now: .now) { return done(.reply(kept.reply, age: kept.age, stale: false)) }
        let mine = open[source, default: 0]
        guard mine < Self.openEach, waiting.count < Self.openAll else { return done(.failure) }
        open[source] = mine + 1
        let isFirst = waiting[key] == nil
        waiting[key, default: []].append { [self] outcome in
            let left = open[source, default: 1] - 1
            open[source] = left > 0 ? left : nil
            done(outcome)
        }
        guard isFirst else { return }
        ask(query, Attempt(upstreams()[...])).assumeIsolated().whenComplete { [self] result in
            let outcome: Outcome
            switch result {
            case .success(let reply):
                cache.put(reply, for: key, now: .now)
                outcome = .reply(reply, age: 0, stale: false)
            case .failure:
                outcome = cache.stale(key, now: .now).map { .reply($0, age: 0, stale: true) } ?? .failure
            }
            for one in waiting.removeValue(forKey: key) ?? [] { one(outcome) }
        }
    }

    // MARK: - Private

    /// Where a question stands: whom it may still be sent to, and how.
    private struct Attempt {
        var servers: ArraySlice<String>
        var isStream = false
        /// With the option that some old servers refuse.
        var hasOption = true
        /// What a server said that another one may say better.
        var second: DNSReply?

        init(_ servers: ArraySlice<String>) { self.servers = servers }

        var next: Attempt {
            var next = Attempt(servers.dropFirst())
            next.second = second
            return next
        }
    }

    private func ask(_ query: DNSQuery, _ attempt: Attempt) -> EventLoopFuture<DNSReply> {
        guard let server = attempt.servers.first else {
            if let second = attempt.second { return loop.makeSucceededFuture(second) }
            return loop.makeFailedFuture(Fault(.timedOut, "no name server answered"))
        }
        var generator = SystemRandomNumberGenerator()
        var bits: [UInt64] = []
        for _ in 0..<4 { bits.append(generator.next()) }
        let question = DNSQuery(
            id: UInt16.random(in: 0...UInt16.max, using: &generator),
            name: query.name.mixed { bits[$0 / 64] >> UInt64($0 % 64) & 1 == 1 },
            type: query.type,
            edns: attempt.hasOption ? .init(udpSize: DNSQuery.udpSize) : nil
        )
        let exchange = Exchanges(
            server: server,
            port: settings.upstreamPort,
            patience: .nanoseconds(settings.patience.nanoseconds),
            loop: loop
        )
        return exchange.send(question, isStream: attempt.isStream).assumeIsolated().flatMap { [self] reply in
            var attempt = attempt
            if reply.isTruncated, !attempt.isStream {
                attempt.isStream = true
                return ask(query, attempt)
            }
            if reply.code == DNSCode.formatError.rawValue, attempt.hasOption {
                attempt.hasOption = false
                return ask(query, attempt)
            }
            guard reply.code == 0 || reply.code == DNSCode.noName.rawValue else {
                attempt.second = reply
                return ask(query, attempt.next)
            }
            return loop.makeSucceededFuture(reply)
        }.flatMapError { [self] error in
            // A server that does not keep the case of letters is asked in a way that nobody can forge.
            var attempt = attempt
            if error is Exchanges.Unlike, !attempt.isStream {
                attempt.isStream = true
                return ask(query, attempt)
            }
            return ask(query, attempt.next)
        }.nonisolated()
    }

    /// Whom to ask, the first one first.
    private func upstreams() -> [String] {
        if let given = settings.upstreams { return given }
        if let lookedAt, .now - lookedAt < Self.lookInterval { return servers }
        lookedAt = .now
        guard let data = FileManager.default.contents(atPath: settings.resolvConf) else { return servers }
        let found = Nameservers.parse(String(decoding: data, as: UTF8.self))
        if found != servers { logger.notice("asking for public names", metadata: ["servers": "\(found)"]) }
        servers = found
        return servers
    }
}
