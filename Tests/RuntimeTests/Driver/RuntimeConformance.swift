import FakeRuntime
import Foundation
import Model
import Runtime
import Testing
import Toolkit

/// What every runtime must do, asked of the one that tests of the agent use and of the real one.
@Suite("runtimes", .serialized, .timeLimit(.minutes(5)))
struct RuntimeConformance {
    enum Kind: String, CaseIterable, Sendable {
        case fake, oci

        /// Those that can be tried here.
        static var here: [Self] { allCases.filter { $0 == .fake || TestHost.isFit } }
    }

    /// What a sandbox's program does.
    enum Program: Sendable {
        case stays
        case ends(Int32)

        /// As a shell has it; it says `ready` once it can be asked to end.
        var script: String {
            switch self {
            case .stays: "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"
            case .ends(let code): "exit \(code)"
            }
        }

        var habit: FakeRuntime.Habit {
            switch self {
            case .stays: .stays
            case .ends(let code): .ends(code)
            }
        }
    }

    /// One runtime on a host of its own, and the one of the daemon that comes after.
    struct Bench: Sendable {
        var runtime: any RuntimeDriver
        var successor: @Sendable () -> any RuntimeDriver
        /// A provisioned sandbox with a program.
        var sandbox: @Sendable (Program) async throws -> Sandbox
        /// Returns once the program can be asked to end.
        var awaitReady: @Sendable (Machine.ID) async throws -> Void

        func nextExit(of other: (any RuntimeDriver)? = nil) async throws -> SandboxExit {
            let runtime = other ?? runtime
            return try await withTimeout(.seconds(30), "the next exit") {
                for await exit in runtime.exits { return exit }
                throw CancellationError()
            }
        }

        func status(_ id: Machine.ID) async throws -> SandboxStatus? { try await runtime.list()[id] }

        func started(_ program: Program = .stays) async throws -> (id: Machine.ID, process: Machine.Process) {
            let sandbox = try await sandbox(program)
            let process = try await runtime.start(sandbox)
            if case .stays = program { try await awaitReady(sandbox.id) }
            return (sandbox.id, process)
        }
    }

    private func with(_ kind: Kind, _ body: (Bench) async throws -> Void) async throws {
        switch kind {
        case .fake:
            let runtime = FakeRuntime()
            try await body(
                Bench(
                    runtime: runtime,
                    successor: { FakeRuntime(runtime.state) },
                    sandbox: { program in
                        let sandbox = Self.sandbox(program)
                        runtime.state.withLock { $0.habits[sandbox.id] = program.habit }
                        try await runtime.provision(sandbox.id, address: sandbox.address)
                        return sandbox
                    },
                    awaitReady: { _ in }
                )
            )
        case .oci:
            try await TestHost.with { host in
                let places = Places()
                try await body(
                    Bench(
                        runtime: host.runtime,
                        successor: { OCIRuntime(paths: host.paths) },
                        sandbox: { try await host.sandbox($0.script, index: await places.next()) },
                        awaitReady: { try await host.waitForLog($0, "ready") }
                    )
                )
            }
        }
    }

    /// Each Machine has an address of its own.
    private actor Places {
        private var count = 0

        func next() -> Int {
            defer { count += 1 }
            return count
        }
    }

    private static func sandbox(_ program: Program) -> Sandbox {
        let id = Machine.ID.random()
        return Sandbox(
            id: id,
            hostname: id.text,
            layers: [],
            image: Image.Config(),
            command: ["sh", "-c", program.script],
            env: [:],
            guest: .init(memoryMiB: 64),
            address: Machine.Address(ipv4: "192.0.2.7", ipv6: "2001:db8::7")
        )
    }

    @Test("a Machine that is provisioned has a network and no process, however often it is asked", arguments: Kind.here)
    func provisions(kind: Kind) async throws {
        try await with(kind) { bench in
            let sandbox = try await bench.sandbox(.stays)
            try await bench.runtime.provision(sandbox.id, address: sandbox.address)
            #expect(try await bench.runtime.list() == [sandbox.id: .provisioned])
        }
    }

    @Test("without a network there is no start", arguments: Kind.here)
    func needsNetwork(kind: Kind) async throws {
        try await with(kind) { bench in
            var sandbox = try await bench.sandbox(.stays)
            sandbox.id = .random()
            let fault = await #expect(throws: Fault.self) { try await bench.runtime.start(sandbox) }
            #expect(fault?.code == .invalidState)
            #expect(try await bench.status(sandbox.id) == nil)
        }
    }

    @Test("a start that is asked for twice is one; after an end it is another process", arguments: Kind.here)
    func startsOnce(kind: Kind) async throws {
        try await with(kind) { bench in
            let sandbox = try await bench.sandbox(.stays)
            let first = try await bench.runtime.start(sandbox)
            #expect(try await bench.runtime.start(sandbox) == first)
            #expect(try await bench.status(sandbox.id) == .running(first))
            try await bench.runtime.signal(sandbox.id, .kill)
            let exit = try await bench.nextExit()
            #expect(exit.id == sandbox.id && exit.pid == first.pid && exit.code == 137 && !exit.monitorLost)
            #expect(try await bench.status(sandbox.id) == .ended(code: 137, outOfMemory: false))
            // Without a clear between them: the start does it.
            let second = try await bench.runtime.start(sandbox)
            #expect(second != first)
            #expect(try await bench.status(sandbox.id) == .running(second))
        }
    }

    @Test("an end is told once, with its code, and stays to be seen until it is cleared", arguments: Kind.here)
    func ends(kind: Kind) async throws {
        try await with(kind) { bench in
            let (id, process) = try await bench.started(.ends(3))
            let exit = try await bench.nextExit()
            #expect(
                exit == SandboxExit(id: id, pid: process.pid, code: 3, outOfMemory: false, monitorLost: false)
            )
            #expect(try await bench.status(id) == .ended(code: 3, outOfMemory: false))
            for _ in 0..<2 { try await bench.runtime.clear(id) }
            #expect(try await bench.status(id) == .provisioned)
            // The next that is told is the next one's.
            let next = try await bench.started(.ends(4))
            #expect(try await bench.nextExit().id == next.id)
        }
    }

    @Test("asked to end it ends well; whom that has reached is not asked again", arguments: Kind.here)
    func asksToEnd(kind: Kind) async throws {
        try await with(kind) { bench in
            let (id, _) = try await bench.started()
            let told = try await bench.runtime.askToEnd(id, .term, told: [])
            #expect(!told.isEmpty)
            #expect(try await bench.nextExit().code == 0)
            #expect(try await bench.runtime.askToEnd(id, .term, told: told) == told)
        }
    }

    @Test("what is gone takes no signal, and that is no error", arguments: Kind.here)
    func signalsNobody(kind: Kind) async throws {
        try await with(kind) { bench in
            let sandbox = try await bench.sandbox(.stays)
            for id in [sandbox.id, .random()] {
                try await bench.runtime.signal(id, .kill)
                try await bench.runtime.send(id, signal: 10)
                #expect(try await bench.runtime.askToEnd(id, .term, told: []).isEmpty)
                #expect(try await bench.runtime.listeners(id).isEmpty)
            }
            #expect(try await bench.runtime.list() == [sandbox.id: .provisioned])
        }
    }

    @Test("a signal by its number reaches the first process", arguments: Kind.here)
    func sends(kind: Kind) async throws {
        try await with(kind) { bench in
            let (id, _) = try await bench.started()
            try await bench.runtime.send(id, signal: 9)
            #expect(try await bench.nextExit().code == 137)
        }
    }

    @Test("frozen it is the same process, goes on after a thaw, and can be killed in its sleep", arguments: Kind.here)
    func suspends(kind: Kind) async throws {
        try await with(kind) { bench in
            let (id, process) = try await bench.started()
            for _ in 0..<2 { try await bench.runtime.suspend(id) }
            #expect(try await bench.status(id) == .suspended(process))
            for _ in 0..<2 { try await bench.runtime.resume(id) }
            #expect(try await bench.status(id) == .running(process))
            try await bench.runtime.suspend(id)
            try await bench.runtime.signal(id, .kill)
            #expect(try await bench.nextExit().code == 137)
            await #expect(throws: Fault.self) { try await bench.runtime.suspend(id) }
            await #expect(throws: Fault.self) { try await bench.runtime.resume(id) }
        }
    }

    @Test("a command inside needs a process that runs", arguments: Kind.here)
    func execs(kind: Kind) async throws {
        try await with(kind) { bench in
            let (id, _) = try await bench.started()
            let command = MachineCommand(words: ["echo", "hello"])
            #expect(try await bench.runtime.exec(id, command).code == 0)
            #expect(try await !bench.runtime.processes(id).isEmpty)
            try await bench.runtime.signal(id, .kill)
            _ = try await bench.nextExit()
            await #expect(throws: Fault.self) { try await bench.runtime.exec(id, command) }
        }
    }

    @Test("a Machine counts as many CPUs as it was given, whoever asks", arguments: Kind.here.filter { $0 != .fake })
    func seesItsSize(kind: Kind) async throws {
        try await with(kind) { bench in
            var sandbox = try await bench.sandbox(.stays)
            sandbox.guest = .init(memoryMiB: 96)
            _ = try await bench.runtime.start(sandbox)
            let script = "nproc; cat /sys/devices/system/cpu/online; grep MemTotal /proc/meminfo"
            let outcome = try await bench.successor().exec(
                sandbox.id,
                MachineCommand(words: ["sh", "-c", script])
            )
            #expect(outcome.output == "1\n0\nMemTotal:            98304 kB\n")
        }
    }

    @Test("clearing ends what runs without a word, and keeps the network", arguments: Kind.here)
    func clears(kind: Kind) async throws {
        try await with(kind) { bench in
            let (id, _) = try await bench.started()
            try await bench.runtime.clear(id)
            #expect(try await bench.status(id) == .provisioned)
            let (other, _) = try await bench.started(.ends(5))
            #expect(try await bench.nextExit().id == other)
        }
    }

    @Test("destroying leaves nothing, also of what runs or sleeps, and again", arguments: Kind.here)
    func destroys(kind: Kind) async throws {
        try await with(kind) { bench in
            let (running, _) = try await bench.started()
            let (frozen, _) = try await bench.started()
            try await bench.runtime.suspend(frozen)
            let (ended, _) = try await bench.started(.ends(0))
            _ = try await bench.nextExit()
            for id in [running, frozen, ended, .random()] {
                for _ in 0..<2 { try await bench.runtime.destroy(id) }
            }
            #expect(try await bench.runtime.list().isEmpty)
            #expect(await bench.runtime.trace(of: running).owner == nil)
        }
    }

    @Test("the next daemon finds all as it is, and learns of each end", arguments: Kind.here)
    func adoption(kind: Kind) async throws {
        try await with(kind) { bench in
            let (living, process) = try await bench.started()
            let (frozen, sleeper) = try await bench.started()
            try await bench.runtime.suspend(frozen)
            let (ended, gone) = try await bench.started(.ends(6))
            _ = try await bench.nextExit()
            let next = bench.successor()
            #expect(
                try await next.list() == [
                    living: .running(process), frozen: .suspended(sleeper),
                    ended: .ended(code: 6, outOfMemory: false),
                ]
            )
            // What has ended before anybody watched is told all the same.
            try await next.watch(ended, gone)
            #expect(try await bench.nextExit(of: next).code == 6)
            for _ in 0..<2 { try await next.watch(living, process) }
            try await next.watch(frozen, sleeper)
            try await next.signal(living, .kill)
            let exit = try await bench.nextExit(of: next)
            #expect(
                exit == SandboxExit(id: living, pid: process.pid, code: 137, outOfMemory: false, monitorLost: false)
            )
            try await next.resume(frozen)
            #expect(try await next.list()[frozen] == .running(sleeper))
            try await next.signal(frozen, .kill)
            #expect(try await bench.nextExit(of: next).id == frozen)
        }
    }

    @Test("whose a sandbox is was noted at its start, and is found by the next daemon", arguments: Kind.here)
    func traces(kind: Kind) async throws {
        try await with(kind) { bench in
            var sandbox = try await bench.sandbox(.stays)
            var owner = Machine(
                id: sandbox.id,
                name: "m",
                app: "notes",
                region: "local",
                host: "h",
                createdAt: Timestamp(milliseconds: 0),
                spec: .init(instance: "i", config: MachineConfig(image: "x"))
            )
            owner.status.address = sandbox.address
            sandbox.owner = owner
            #expect(await bench.runtime.trace(of: sandbox.id).owner == nil)
            _ = try await bench.runtime.start(sandbox)
            let trace = await bench.successor().trace(of: sandbox.id)
            #expect(trace.owner?.app == "notes" && trace.address == sandbox.address)
        }
    }
}
