import Synchronization
import Testing

@testable import Images

@Suite("A lock by key")
struct KeyedLockTests {
    @Test("lets one at a time in, for each key")
    func oneAtATime() async throws {
        let lock = KeyedLock()
        let inside = Inside()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let key = number % 2 == 0 ? "a" : "b"
                    try await lock.withLock(key) {
                        inside.enter(key)
                        await Task.yield()
                        inside.leave(key)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inside.most == 1)
    }

    @Test("one that waits can be cancelled, and is passed over")
    func cancelled() async throws {
        let lock = KeyedLock()
        let (entered, enter) = AsyncStream<Void>.makeStream()
        let (leave, finish) = AsyncStream<Void>.makeStream()
        let first = Task {
            try await lock.withLock("a") {
                enter.yield()
                for await _ in leave {}
            }
        }
        for await _ in entered { break }
        let (waits, wait) = AsyncStream<Void>.makeStream()
        let second = Task { try await lock.withLock("a", onWait: { wait.yield() }, {}) }
        for await _ in waits { break }
        let third = Task { try await lock.withLock("a", {}) }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        finish.finish()
        try await first.value
        try await third.value
        try await lock.withLock("a", {})
    }

    @Test("is free again after an error")
    func error() async throws {
        struct Failed: Error {}
        let lock = KeyedLock()
        await #expect(throws: Failed.self) { try await lock.withLock("a") { throw Failed() } }
        try await lock.withLock("a", {})
    }
}

/// Counts who is inside, by key.
private final class Inside: Sendable {
    private let counts = Mutex<(now: [String: Int], most: Int)>(([:], 0))

    var most: Int { counts.withLock { $0.most } }

    func enter(_ key: String) {
        counts.withLock { counts in
            counts.now[key, default: 0] += 1
            counts.most = max(counts.most, counts.now[key] ?? 0)
        }
    }

    func leave(_ key: String) { counts.withLock { $0.now[key, default: 0] -= 1 } }
}
