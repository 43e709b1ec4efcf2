import Model
import Testing

@testable import ControlPlane

@Suite("Line queue", .timeLimit(.minutes(1)))
struct LineQueueTests {
    private func line(_ number: Int) -> LogLine { LogLine(timestamp: "", stream: .stdout, text: "\(number)") }

    @Test("a slow reader gets every line of each source, in its order")
    func all() async {
        let queue = LineQueue(capacity: 8)
        let got = await withTaskGroup(of: [LogLine].self) { group in
            group.addTask {
                await withDiscardingTaskGroup { sources in
                    for source in 0..<3 {
                        sources.addTask {
                            for number in 0..<2000 { await queue.put(line(source * 10_000 + number)) }
                        }
                    }
                }
                queue.finish()
                return []
            }
            group.addTask {
                var all: [LogLine] = []
                while let lines = await queue.take() {
                    all += lines
                    await Task.yield()
                }
                return all
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        let numbers = got.compactMap { Int($0.text) }
        #expect(numbers.count == 6000)
        for source in 0..<3 {
            let own = numbers.filter { $0 / 10_000 == source }
            #expect(own == own.sorted() && Set(own).count == 2000)
        }
    }

    @Test("a source does not wait for a reader that is gone")
    func gone() async {
        let queue = LineQueue(capacity: 1)
        await withDiscardingTaskGroup { group in
            group.addTask { for number in 0..<100 { await queue.put(line(number)) } }
            group.addTask {
                _ = await queue.take()
                queue.finish()
            }
        }
        while await queue.take() != nil {}
    }

    @Test("a reader that is cancelled is not left waiting")
    func cancelled() async {
        let queue = LineQueue()
        let got = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await queue.take() == nil }
            group.cancelAll()
            return await group.next()
        }
        #expect(got == true)
    }

    @Test("a nudge has a reader look up once, and loses no line")
    func nudged() async {
        let queue = LineQueue()
        queue.nudge()
        queue.nudge()
        #expect(await queue.take() == [])
        await queue.put(line(1))
        queue.nudge()
        #expect(await queue.take() == [line(1)])
        async let waiting = queue.take()
        queue.nudge()
        #expect(await waiting == [])
        queue.finish()
        queue.nudge()
        #expect(await queue.take() == nil)
    }
}
