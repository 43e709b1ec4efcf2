import Model
import Testing

@Suite("Machine lifecycle")
struct LifecycleTests {
    private let now = Timestamp(milliseconds: 1_000_000)
    private let process = Machine.Process(
        pid: 41,
        startTicks: 7,
        monitorPID: 40,
        startedAt: Timestamp(milliseconds: 1_000_000)
    )
    private let onFailure = MachineConfig.Restart(policy: .onFailure, maxRetries: 3)

    private func step(
        _ lifecycle: inout Lifecycle,
        _ event: Lifecycle.Event,
        _ policy: MachineConfig.Restart? = nil
    ) throws -> [Lifecycle.Effect] {
        try lifecycle.handle(event, restart: policy ?? onFailure, now: now)
    }

    private func started() throws -> Lifecycle {
        var lifecycle = Lifecycle(state: .created)
        #expect(try step(&lifecycle, .start) == [.launch])
        _ = try step(&lifecycle, .launched(process))
        #expect(lifecycle.state == .started(process))
        return lifecycle
    }

    @Test("a stop that was asked for is never undone by the restart policy", arguments: [Int32(0), 1, 137, 143])
    func requestedStop(code: Int32) throws {
        var lifecycle = try started()
        let effects = try step(&lifecycle, .stop(then: .stopped))
        #expect(effects.last == .terminate)
        _ = try step(&lifecycle, .exited(pid: 41, code: code, outOfMemory: false), .init(policy: .always))
        guard case .stopped(let exit?) = lifecycle.state else { return #expect(Bool(false), "\(lifecycle.state)") }
        #expect(exit.requested)
        #expect(exit.code == code)
    }

    @Test("a crash is restarted with growing pauses until the retries are used up")
    func crashLoop() throws {
        var lifecycle = try started()
        var pauses: [Int64] = []
        for _ in 0..<3 {
            let effects = try step(&lifecycle, .exited(pid: 41, code: 1, outOfMemory: false))
            guard case .retry(let due)? = effects.last else { return #expect(Bool(false), "\(effects)") }
            pauses.append(due.since(now).milliseconds)
            #expect(try step(&lifecycle, .retryDue(at: due)) == [.launch])
            _ = try step(&lifecycle, .launched(process))
        }
        #expect(pauses == [250, 500, 1000])
        _ = try step(&lifecycle, .exited(pid: 41, code: 1, outOfMemory: true))
        guard case .stopped(let exit?) = lifecycle.state else { return #expect(Bool(false), "\(lifecycle.state)") }
        #expect(exit.outOfMemory)
        #expect(!exit.requested)
    }

    @Test("restarts that are older than the window don't count")
    func window() throws {
        let old = now.advanced(by: .seconds(-301))
        var lifecycle = Lifecycle(state: .started(process), restarts: [old, old, old])
        let effects = try step(&lifecycle, .exited(pid: 41, code: 1, outOfMemory: false))
        #expect(effects.last == .retry(at: now.advanced(by: .milliseconds(250))))
    }

    @Test(
        "an exit of its own accord follows the policy",
        arguments: [
            (MachineConfig.Restart.Policy.no, Int32(1), false), (.no, 0, false), (.onFailure, 0, false),
            (.onFailure, 1, true), (.always, 0, true), (.always, 1, true),
        ]
    )
    func policy(policy: MachineConfig.Restart.Policy, code: Int32, restarts: Bool) throws {
        var lifecycle = try started()
        _ = try step(&lifecycle, .exited(pid: 41, code: code, outOfMemory: false), .init(policy: policy))
        #expect((lifecycle.state.name == "restarting") == restarts)
    }

    @Test("the exit of another process changes nothing")
    func strangeExit() throws {
        var lifecycle = try started()
        #expect(try step(&lifecycle, .exited(pid: 99, code: 1, outOfMemory: false)).isEmpty)
        #expect(lifecycle.state == .started(process))
    }

    @Test("a suspended Machine is thawed with the very process that was frozen")
    func suspend() throws {
        var lifecycle = try started()
        #expect(try step(&lifecycle, .suspend) == [.freeze])
        _ = try step(&lifecycle, .frozen)
        #expect(lifecycle.state == .suspended(process))
        #expect(try step(&lifecycle, .start) == [.thaw(process)])
        _ = try step(&lifecycle, .launched(process))
        #expect(lifecycle.state == .started(process))
    }

    @Test("a frozen process is killed, since it can't answer a signal")
    func stopSuspended() throws {
        var lifecycle = Lifecycle(state: .suspended(process))
        #expect(try step(&lifecycle, .stop(then: .destroyed)).last == .kill)
        let effects = try step(&lifecycle, .exited(pid: 41, code: 137, outOfMemory: false))
        #expect(effects.last == .remove)
    }

    @Test("a destroy wins over a start that comes later")
    func destroyWins() throws {
        var lifecycle = try started()
        _ = try step(&lifecycle, .stop(then: .destroyed))
        _ = try step(&lifecycle, .stop(then: .started))
        _ = try step(&lifecycle, .exited(pid: 41, code: 0, outOfMemory: false))
        #expect(lifecycle.state == .destroying)
        #expect(throws: Fault.self) { try step(&lifecycle, .start) }
    }

    @Test("a start during a stop follows it")
    func startWhileStopping() throws {
        var lifecycle = try started()
        _ = try step(&lifecycle, .stop(then: .stopped))
        #expect(try step(&lifecycle, .start).isEmpty)
        #expect(try step(&lifecycle, .exited(pid: 41, code: 0, outOfMemory: false)).last == .launch)
    }

    @Test("a lost monitor ends the process, which is then restarted by policy")
    func monitorLost() throws {
        var lifecycle = try started()
        #expect(try step(&lifecycle, .monitorLost(pid: 41)).last == .kill)
        _ = try step(&lifecycle, .exited(pid: 41, code: nil, outOfMemory: false))
        #expect(lifecycle.state.name == "restarting")
    }

    @Test("a refused event leaves the state as it was")
    func refused() throws {
        var lifecycle = Lifecycle(state: .stopped(nil))
        #expect(throws: Fault.self) { try step(&lifecycle, .suspend) }
        #expect(lifecycle.state == .stopped(nil))
    }

    @Test("a removal that did not come to its end is begun again by the next destroy")
    func removesAgain() throws {
        var lifecycle = Lifecycle(state: .destroying)
        #expect(try step(&lifecycle, .stop(then: .destroyed)) == [.remove])
        #expect(throws: Fault.self) { try step(&lifecycle, .stop(then: .stopped)) }
    }

    @Test("a restart by policy that can't be started is tried again; a start that was asked for fails at once")
    func launchFails() throws {
        var restarting = Lifecycle(state: .restarting(at: now, attempt: 1))
        _ = try step(&restarting, .retryDue(at: now))
        guard case .retry? = try step(&restarting, .launchFailed("busy")).last else {
            return #expect(Bool(false), "\(restarting.state)")
        }
        var asked = Lifecycle(state: .stopped(nil))
        _ = try step(&asked, .start)
        _ = try step(&asked, .launchFailed("busy"))
        #expect(asked.state == .failed(reason: "busy"))
    }

    @Test("the timer of an earlier crash does not end a later pause")
    func earlierTimer() throws {
        var lifecycle = try started()
        guard case .retry(let first)? = try step(&lifecycle, .exited(pid: 41, code: 1, outOfMemory: false)).last else {
            return #expect(Bool(false), "\(lifecycle.state)")
        }
        // Somebody starts it before the pause is over, and it crashes again.
        _ = try step(&lifecycle, .start)
        _ = try step(&lifecycle, .launched(process))
        _ = try step(&lifecycle, .exited(pid: 41, code: 1, outOfMemory: false))
        guard case .restarting(let second, _) = lifecycle.state else {
            return #expect(Bool(false), "\(lifecycle.state)")
        }
        let earlier = first == second ? first.advanced(by: .milliseconds(-1)) : first
        #expect(try step(&lifecycle, .retryDue(at: earlier)).isEmpty)
        #expect(try step(&lifecycle, .retryDue(at: second)) == [.launch])
    }

    @Test("restarts from before a clock was set back don't count")
    func clockSetBack() throws {
        let future = now.advanced(by: .seconds(3600))
        var lifecycle = Lifecycle(state: .started(process), restarts: [future, future, future])
        #expect(try step(&lifecycle, .exited(pid: 41, code: 1, outOfMemory: false)).last != .clear)
        #expect(lifecycle.restarts == [now])
    }

    @Test("no sequence of events ever traps or leaves a destroyed Machine alive", arguments: 0..<200)
    func randomWalk(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var lifecycle = Lifecycle(state: .created)
        let events: [Lifecycle.Event] = [
            .start, .stop(then: .stopped), .stop(then: .started), .stop(then: .destroyed), .suspend,
            .launched(process), .launchFailed("no"), .frozen, .freezeFailed("no"),
            .exited(pid: 41, code: 1, outOfMemory: false), .monitorLost(pid: 41), .retryDue(at: now),
        ]
        for _ in 0..<60 {
            let event = events[Int(random.next() % UInt64(events.count))]
            let before = lifecycle.state
            do {
                _ = try step(&lifecycle, event)
            } catch {
                #expect(lifecycle.state == before, "seed \(seed): \(event)")
            }
            if before == .destroying { #expect(lifecycle.state == .destroying, "seed \(seed): \(event)") }
        }
    }
}

/// A small generator with a seed, so that a failure can be seen again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
