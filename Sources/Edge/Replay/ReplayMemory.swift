import Model
import NIOCore
import Synchronization

/// Where replays led, remembered so that requests like theirs go there at once; never more than a help.
///
/// > Source: `proxy-dns`, section 10.7.
final class ReplayMemory: Sendable {
    /// What is remembered.
    struct Item: Sendable {
        let app: String
        /// The Machine that sent the request on.
        let source: Machine.Address
        let aim: Aim
        let until: NIODeadline
        let allowsBypass: Bool
    }

    /// Nothing to look for.
    var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }

    /// The item for a path of a host, by the longest pattern.
    func find(host: String, path: String, at now: NIODeadline) -> Item? {
        state.withLock { state in
            let known = state.paths[host]?.filter { $0.value.until > now && Self.path(path, isUnder: $0.key) }
            return known?.max { $0.key.utf8.count < $1.key.utf8.count }?.value
        }
    }

    /// The item for a session.
    func find(session: String, at now: NIODeadline) -> Item? {
        state.withLock { state in
            guard let item = state.sessions[session], item.until > now else { return nil }
            return item
        }
    }

    func remember(host: String, prefix: String, _ item: Item, at now: NIODeadline) {
        change { state in
            if state.count >= Self.most { state.sweep(now) }
            state.paths[host, default: [:]][prefix] = item
        }
    }

    func remember(session: String, _ item: Item, at now: NIODeadline) {
        change { state in
            if state.count >= Self.most { state.sweep(now) }
            state.sessions[session] = item
        }
    }

    /// Forgets what leads a path of a host, and a session.
    func forget(host: String, path: String, session: String?) {
        change { state in
            state.paths[host] = state.paths[host]?.filter { !Self.path(path, isUnder: $0.key) }
            if let session { state.sessions[session] = nil }
        }
    }

    /// The part of a pattern that names a path: `/p/*` of `host/p/*`; nil for a pattern that is not for this request.
    static func prefix(of pattern: String, host: String, path: String) -> String? {
        var rest = Substring(pattern)
        if !rest.hasPrefix("/") {
            guard let slash = rest.firstIndex(of: "/"), rest[..<slash].lowercased() == host else { return nil }
            rest = rest[slash...]
        }
        if rest.hasSuffix("*") { rest.removeLast() }
        while rest.count > 1, rest.hasSuffix("/") { rest.removeLast() }
        return Self.path(path, isUnder: String(rest)) ? String(rest) : nil
    }

    /// Whether a path is the prefix, or below it.
    static func path(_ path: String, isUnder prefix: String) -> Bool {
        prefix == "/" || path == prefix || path.hasPrefix("\(prefix)/")
    }

    // MARK: - Private

    private static let most = 50_000

    private struct State {
        var paths: [String: [String: Item]] = [:]
        var sessions: [String: Item] = [:]

        var count: Int { sessions.count + paths.values.reduce(0) { $0 + $1.count } }

        /// Makes room: what is over goes, or else all.
        mutating func sweep(_ now: NIODeadline) {
            sessions = sessions.filter { $0.value.until > now }
            paths = paths.mapValues { $0.filter { $0.value.until > now } }.filter { !$0.value.isEmpty }
            if count >= ReplayMemory.most * 9 / 10 { (sessions, paths) = ([:], [:]) }
        }
    }

    private let state = Mutex(State())
    private let count = Atomic<Int>(0)

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            count.store(state.count, ordering: .relaxed)
        }
    }
}
