import Foundation
import Model
import Synchronization
import Testing
import Toolkit

/// A number that several tasks change.
private final class Count: Sendable {
    private let state = Mutex((now: 0, most: 0))

    var now: Int { state.withLock { $0.now } }
    var most: Int { state.withLock { $0.most } }

    func add(_ number: Int = 1) {
        state.withLock { state in
            state.now += number
            state.most = max(state.most, state.now)
        }
    }
}

@Suite("Repeating, and a few at a time", .timeLimit(.minutes(1)))
struct RepeatingTests {
    /// What happened, in its order.
    private final class Story: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    @Test("what is cut short in its pause is not done once more")
    func cancelledPause() async throws {
        let story = Story()
        let task = Task {
            await repeating(every: .seconds(3600)) { story.add("done") }
            story.add("over")
        }
        while story.all.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        task.cancel()
        await task.value
        #expect(story.all == ["done", "over"])
    }

    @Test("what is cut short in its first pause is not done at all")
    func cancelledFirstPause() async throws {
        let story = Story()
        let task = Task { await repeating(every: .seconds(3600), after: .seconds(3600)) { story.add("done") } }
        try await Task.sleep(for: .milliseconds(20))
        task.cancel()
        await task.value
        #expect(story.all.isEmpty)
    }

    @Test("without a first pause it is done at once, then again and again")
    func again() async throws {
        let story = Story()
        let task = Task { await repeating(every: .milliseconds(1)) { story.add("done") } }
        while story.all.count < 5 { try await Task.sleep(for: .milliseconds(1)) }
        task.cancel()
        await task.value
    }

    @Test("no more than so many go on at once, and each has its turn", arguments: [1, 3, 50])
    func width(width: Int) async throws {
        let count = Count()
        let story = Story()
        await aFewAtATime(0..<20, width: width) { number in
            count.add()
            await Task.yield()
            story.add("\(number)")
            count.add(-1)
        }
        #expect(count.most <= width && count.now == 0)
        #expect(story.all.sorted() == (0..<20).map(String.init).sorted())
    }

    @Test("one at a time is in the order in which they were given")
    func order() async throws {
        let story = Story()
        await aFewAtATime(["a", "b", "c"], width: 1) { story.add($0) }
        #expect(story.all == ["a", "b", "c"])
    }

    @Test("a cancelled task begins with no more of them")
    func cancelled() async throws {
        let story = Story()
        let task = Task {
            await aFewAtATime(0..<10, width: 2) { number in
                story.add("\(number)")
                do {
                    try await Task.sleep(for: .seconds(3600))
                } catch {
                    return
                }
            }
        }
        while story.all.count < 2 { try await Task.sleep(for: .milliseconds(1)) }
        task.cancel()
        await task.value
        #expect(Set(story.all) == ["0", "1"])
    }

    @Test("a limit ends what takes too long, and says what it was")
    func limit() async throws {
        let fault = await #expect(throws: Fault.self) {
            try await withTimeout(.milliseconds(5), "the wait") { try await Task.sleep(for: .seconds(3600)) }
        }
        #expect(fault?.code == .timedOut)
        #expect(fault?.message == "the wait took longer than 5ms")
        #expect(try await withTimeout(.seconds(3600), "nothing") { 7 } == 7)
    }

    @Test("the end of whoever waits is no time-out")
    func cancelledLimit() async throws {
        let task = Task {
            try await withTimeout(.seconds(3600), "the wait") { try await Task.sleep(for: .seconds(3600)) }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

/// The name of the thread that asks.
private func threadName() -> String? {
    let text = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
    return text.map { String($0.prefix { $0 != "\n" }) }
}

@Suite("Threads that may wait for a disk", .timeLimit(.minutes(1)))
struct BlockingThreadsTests {
    /// As a slow disk does.
    private func block(_ milliseconds: UInt32) { usleep(milliseconds * 1000) }

    @Test("tasks that wait for a disk hold up no other, however few cores there are")
    func holdsUpNobody() async throws {
        let threads = BlockingThreads("test", limit: 64)
        let (blocked, released) = (Count(), Count())
        await withTaskExecutorPreference(threads) {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<32 {
                    group.addTask {
                        blocked.add()
                        while released.now == 0 { self.block(1) }
                    }
                }
                // It runs at all only because the others have threads of their own.
                group.addTask {
                    while blocked.now < 32 { await Task.yield() }
                    released.add()
                }
            }
        }
        #expect(threads.threads > 32)
    }

    /// Says on which thread it runs.
    private actor Witness {
        var thread: String? { threadName() }
    }

    @Test("actors and child tasks of a task that prefers them run there too")
    func inherited() async throws {
        let threads = BlockingThreads("roost.disk")
        let witness = Witness()
        await withTaskExecutorPreference(threads) {
            async let child = threadName()
            #expect(await child == "roost.disk")
            // Only what has left the thread that it came on is there.
            #expect(await witness.thread == "roost.disk")
            await aFewAtATime(0..<4, width: 2) { _ in #expect(threadName() == "roost.disk") }
        }
    }

    @Test("there are never more of them than the limit, and every job is done")
    func limit() async throws {
        let threads = BlockingThreads("test", limit: 3)
        let done = Count()
        await withTaskExecutorPreference(threads) {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        self.block(1)
                        done.add()
                    }
                }
            }
        }
        #expect(threads.threads <= 3 && done.now == 50)
    }

    @Test("threads without work end, and come back when there is some")
    func rest() async throws {
        let threads = BlockingThreads("test", rest: .milliseconds(20))
        for _ in 0..<2 {
            await withTaskExecutorPreference(threads) { await aFewAtATime(0..<4, width: 4) { _ in self.block(1) } }
            for _ in 0..<500 where threads.threads > 0 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(threads.threads == 0)
        }
    }
}

@Suite("Durable files")
struct DurableTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "roost-durable-\(UUID().uuidString)"
        try Durable.makeFolder(folder)
    }

    @Test("of many writers of one file at once each writes a whole one, and nothing is left beside it")
    func writers() async throws {
        let path = "\(folder)/file"
        // Longer than one write of the kernel's.
        let texts = (0..<8).map { Data(repeating: UInt8(ascii: "a") + UInt8($0), count: 300_000) }
        await withTaskGroup(of: Void.self) { group in
            for text in texts {
                group.addTask {
                    for _ in 0..<5 {
                        #expect(throws: Never.self) { try Durable.write(text, to: path) }
                        let found = FileManager.default.contents(atPath: path) ?? Data()
                        #expect(texts.contains(found))
                    }
                }
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test("a write that fails leaves the old file, and nothing beside it")
    func failed() throws {
        let path = "\(folder)/taken"
        try Durable.makeFolder("\(path)/full")
        let fault = #expect(throws: Fault.self) { try Durable.write(Data("x".utf8), to: path) }
        #expect(fault?.code == .io && fault?.message.contains(path) == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["taken"])
        #expect(throws: Fault.self) { try Durable.write(Data(), to: "\(folder)/none/file") }
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test("files have the mode that was asked for")
    func mode() throws {
        for mode in [mode_t(0o600), 0o644] {
            try Durable.write(Data("x".utf8), to: "\(folder)/\(mode)", mode: mode)
            var status = stat()
            #expect(stat("\(folder)/\(mode)", &status) == 0 && status.st_mode & 0o777 == mode)
        }
        try FileManager.default.removeItem(atPath: folder)
    }
}
