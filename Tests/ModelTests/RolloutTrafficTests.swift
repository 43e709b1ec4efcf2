import Foundation
import Model
import Testing

@Suite("What clients meet during a roll-out")
struct RolloutTrafficTests {
    private func answers(_ milliseconds: [Int], errors: Int = 0) -> AnswerTally {
        var tally = AnswerTally()
        for (number, time) in milliseconds.enumerated() {
            tally.add(status: number < errors ? 500 : 200, after: .milliseconds(time))
        }
        return tally
    }

    @Test(
        "times are kept to an eighth of themselves, from microseconds to minutes",
        arguments: [1, 7, 80, 999, 65_000]
    )
    func steps(milliseconds: Int) throws {
        var counts = TimeCounts()
        counts.add(.milliseconds(milliseconds))
        let time = try #require(counts.quantile(0.99)).seconds * 1000
        #expect(time >= Double(milliseconds) && time <= Double(milliseconds) * 1.13, "\(time)")
    }

    @Test("a quantile is the time that so many did not pass")
    func quantiles() throws {
        let counts = answers(Array(1...1000)).times
        #expect((500...563).contains(try #require(counts.quantile(0.5)).milliseconds))
        #expect(try #require(counts.quantile(0.99)) >= .milliseconds(990))
        #expect(TimeCounts().quantile(0.99) == nil)
    }

    @Test("counts are sent in little room, and read again")
    func form() throws {
        let counts = answers([1, 1, 80, 3000]).times
        let data = try JSONEncoder().encode(counts)
        #expect(data.count < 40)
        #expect(try JSONDecoder().decode(TimeCounts.self, from: data) == counts)
        // What no edge would send does no harm.
        #expect(try JSONDecoder().decode(TimeCounts.self, from: Data("[-1,5,99999,2,3]".utf8)).total == 0)
    }

    @Test("the line at a deploy's end has requests, failures, the slowest and what is added to them")
    func line() {
        let before = EdgeTally(failed: 1, answers: answers(Array(repeating: 10, count: 100)))
        var after = before
        after.add(answers(Array(repeating: 20, count: 200), errors: 3))
        after.held += 2
        after.heldMilliseconds += 1500
        after.failed += 1
        let traffic = RolloutTraffic(before: before, after: after)
        #expect(traffic.requests == 201 && traffic.failed == 1 && traffic.errors == 3)
        let text = traffic.description
        #expect(text.hasPrefix("201 requests, 1 failed, p99 "), "\(text)")
        #expect(text.contains(" (+") && text.contains("2 requests had to wait, 750.0 ms on average"), "\(text)")
        #expect(text.contains("answered 3 with an error of its own"))
        #expect(RolloutTraffic().description == "no requests came meanwhile")
    }

    @Test("an edge that began anew in between counts from zero, never below")
    func anew() {
        let before = EdgeTally(held: 9, failed: 7, answers: answers(Array(repeating: 10, count: 500)))
        let after = EdgeTally(failed: 1, answers: answers(Array(repeating: 10, count: 30)))
        let traffic = RolloutTraffic(before: before, after: after)
        #expect(traffic.requests == 0 && traffic.failed == 0 && traffic.held == 0)
    }
}

@Suite("A canary's verdict")
struct CanaryVerdictTests {
    private func tally(_ count: Int, errors: Int = 0, milliseconds: Int = 10) -> AnswerTally {
        var tally = AnswerTally()
        for number in 0..<count { tally.add(status: number < errors ? 503 : 200, after: .milliseconds(milliseconds)) }
        return tally
    }

    @Test("as good as the others is good, also where all have errors")
    func good() {
        #expect(CanaryVerdict.judge(tally(200), tally(4000)) == .good)
        #expect(CanaryVerdict.judge(tally(200, errors: 10), tally(4000, errors: 200)) == .good)
        #expect(CanaryVerdict.judge(tally(200, milliseconds: 14), tally(4000)) == .good, "a few ms are noise")
    }

    @Test("more errors, or much slower, is bad, with the numbers")
    func bad() {
        guard case .bad(let errors) = CanaryVerdict.judge(tally(200, errors: 10), tally(4000, errors: 4)) else {
            Issue.record("errors are not seen")
            return
        }
        #expect(errors.contains("10 of the canary's 200") && errors.contains("5.0 %") && errors.contains("0.1 %"))
        guard case .bad(let slow) = CanaryVerdict.judge(tally(200, milliseconds: 400), tally(4000)) else {
            Issue.record("slowness is not seen")
            return
        }
        #expect(slow.contains("p99"))
        // It need not be waited for until there are many.
        if case .bad = CanaryVerdict.judge(tally(4, errors: 4), tally(80)) {} else { Issue.record("all errors") }
    }

    @Test("one stray error is no sign, and too few requests are no verdict, never a good one")
    func unclear() {
        #expect(CanaryVerdict.judge(tally(30, errors: 1), tally(600)) == .good)
        for count in [0, 1, 19] {
            guard case .unclear = CanaryVerdict.judge(tally(count), tally(600)) else {
                Issue.record("\(count) requests were enough")
                return
            }
        }
    }
}

@Suite("What a new release answers while it takes its place")
struct AnswerGateTests {
    private func tally(_ count: Int, errors: Int = 0) -> AnswerTally {
        var tally = AnswerTally()
        for number in 0..<count { tally.add(status: number < errors ? 500 : 200, after: .milliseconds(5)) }
        return tally
    }

    @Test("many more errors than before are bad, with the numbers, and a few answers are enough for that")
    func bad() {
        guard case .bad(let words) = AnswerGate.judge(tally(4, errors: 4), tally(900, errors: 9)) else {
            Issue.record("errors are not seen")
            return
        }
        #expect(words.contains("4 of the new release's first 4 answers") && words.contains("(100.0 %)"), "\(words)")
        #expect(words.contains("9 of 900 of the one before (1.0 %)"), "\(words)")
    }

    @Test("what fails as often as before, a stray error and a slow start of traffic are no reason to go back")
    func good() {
        #expect(AnswerGate.judge(tally(50, errors: 20), tally(900, errors: 400)) == .good)
        #expect(AnswerGate.judge(tally(50, errors: 2), tally(900)) == .good)
        #expect(AnswerGate.judge(tally(50, errors: 4), tally(900)) == .good, "eight in a hundred")
        #expect(AnswerGate.judge(tally(19), tally(900)) == .unclear)
        #expect(AnswerGate.judge(tally(2, errors: 2), tally(900)) == .unclear)
    }

    @Test(
        "an answer's status is what counts",
        arguments: [("500 oops", true), ("503 ", true), ("404 no", false), ("GET", false)]
    )
    func status(answer: String, isError: Bool) {
        #expect(AnswerGate.isError(answer) == isError)
    }
}

@Suite("Roll-outs that can't be cancelled")
struct RolloutCancelTests {
    private func rollout(_ phase: Rollout.Phase, _ fault: Fault? = nil) -> Rollout {
        var rollout = Rollout(id: "01R", app: "shop", holder: "ada@laptop", startedAt: Timestamp(milliseconds: 0))
        rollout.phase = phase
        rollout.fault = fault
        return rollout
    }

    @Test("one that has ended says how, why and what there is to do")
    func ended() {
        let failed = rollout(.failed, Fault(.buildFailed, "the build ended with 1")).notUnderWay
        #expect(failed.message == "roll-out 01R of shop has ended as failed: the build ended with 1")
        #expect(failed.hint == "there is nothing to cancel: roost deployments show 01R -a shop")
        let complete = rollout(.complete).notUnderWay
        #expect(complete.message == "roll-out 01R of shop has ended as complete")
        #expect(complete.hint == "to go back to the release before: roost releases rollback -a shop")
    }

    @Test("one that goes on elsewhere is not said to have ended")
    func elsewhere() {
        #expect(rollout(.rolling).notUnderWay.message == "roll-out 01R is not under way here")
    }
}
