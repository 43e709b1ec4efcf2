import Foundation
import Model
package import Store
import Toolkit

/// The calls of the last day that came with a key, and how they were answered.
package actor KeyedCalls {
    private let store: any StateStore
    /// Those that are being carried out.
    private var underWay: Set<String> = []
    /// When each that is kept came, and how many bytes it takes; nil until the store was asked.
    private var kept: [String: (at: Timestamp, bytes: Int)]?

    package init(store: any StateStore) {
        self.store = store
    }

    /// What is to be done with a call.
    enum Verdict {
        case carryOut(CallSeed)
        /// It was answered.
        case answer(KeyedCall.Answer)
    }

    /// Takes a call in; whoever is told to carry it out ends it by `finish` or `forget`.
    ///
    /// - Throws: ``Fault`` `keyReused` where the key stands for another call, `invalidState` while the same is under way.
    func begin(_ name: String, digest: String) async throws -> Verdict {
        guard underWay.insert(name).inserted else {
            throw Fault(
                .invalidState,
                "Idempotency-Key: the same call is being carried out",
                hint: "send it again when it is through: it is answered as the first one then"
            )
        }
        do {
            let verdict = try await verdict(name, digest)
            if case .answer = verdict { underWay.remove(name) }
            return verdict
        } catch {
            underWay.remove(name)
            throw error
        }
    }

    /// Keeps the answer.
    func finish(_ name: String, _ answer: KeyedCall.Answer) async throws {
        defer { underWay.remove(name) }
        let missing = Fault(.notFound, "the call's record is gone")
        let call = try await store.keyedCalls.update(name, missing: missing) { $0.answer = answer }
        kept?[name] = (call.at, answer.sealed.utf8.count)
        try await makeRoom()
    }

    /// Ends a call without an answer.
    ///
    /// Where it `isOver` nothing has come of it, and its key is free; else whoever sends it again goes on with what was
    /// made.
    func forget(_ name: String, isOver: Bool) async throws {
        defer { underWay.remove(name) }
        guard isOver else { return }
        try await store.keyedCalls.delete(name)
        kept?[name] = nil
    }

    // MARK: - Private

    private func verdict(_ name: String, _ digest: String) async throws -> Verdict {
        let now = Timestamp.now()
        if let call = try await store.keyedCalls.get(name)?.value, call.isKept(at: now) {
            guard call.digest == digest else {
                throw Fault(
                    .keyReused,
                    "Idempotency-Key: it was sent at \(call.at.rfc3339) with another path or body",
                    hint: "send a key of its own with each call, such as a UUID; it stands for that call for 24 hours"
                )
            }
            if let answer = call.answer { return .answer(answer) }
            return .carryOut(CallSeed(text: call.seed, isAgain: true))
        }
        let call = KeyedCall(digest: digest, at: now, seed: ULID.make())
        try await store.keyedCalls.put(name, call)
        if kept == nil {
            kept = [:]
            for (name, record) in try await store.keyedCalls.named() {
                kept?[name] = (record.value.at, record.value.answer?.sealed.utf8.count ?? 0)
            }
        }
        kept?[name] = (call.at, 0)
        try await makeRoom()
        return .carryOut(CallSeed(text: call.seed, isAgain: false))
    }

    /// Removes what is over, and the oldest where there are too many.
    private func makeRoom() async throws {
        let now = Timestamp.now()
        let order = (kept ?? [:]).sorted { ($0.value.at, $0.key) < ($1.value.at, $1.key) }
        var (count, bytes) = (order.count, order.reduce(0) { $0 + $1.value.bytes })
        for (name, entry) in order where !underWay.contains(name) {
            let isOver = now.since(entry.at) >= KeyedCall.life
            guard isOver || count > KeyedCall.maximumCount || bytes > KeyedCall.maximumBytes else { break }
            try await store.keyedCalls.delete(name)
            kept?[name] = nil
            count -= 1
            bytes -= entry.bytes
        }
    }
}
