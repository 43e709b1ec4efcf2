import Foundation
import Glibc
import Model
import Runtime
import Testing
import Toolkit

@Suite("A Machine's life", .serialized, .enabled(if: TestHost.isFit))
struct LifeTests {
    @Test("runs its command, keeps what it writes, tells how it ended")
    func startsAndEnds() async throws {
        try await TestHost.with { host in
            let sandbox = try await host.sandbox("echo $GREETING; echo oops >&2; exit 3")
            let process = try await host.runtime.start(sandbox)
            let exit = try await host.nextExit()
            #expect(
                exit == SandboxExit(id: sandbox.id, pid: process.pid, code: 3, outOfMemory: false, monitorLost: false)
            )
            #expect(await host.log(sandbox.id).sorted() == ["hello", "oops"])
            #expect(try await host.runtime.list() == [sandbox.id: .ended(code: 3, outOfMemory: false)])
            try await host.runtime.clear(sandbox.id)
            #expect(try await host.runtime.list() == [sandbox.id: .provisioned])
        }
    }

    @Test("has a monitor that outlives the daemon: own session, own control group, nothing of ours open")
    func monitor() async throws {
        try await TestHost.with { host in
            let sandbox = try await host.sandbox("sleep 100")
            let process = try await host.runtime.start(sandbox)
            let monitor = "/proc/\(process.monitorPID)"
            #expect(getsid(process.monitorPID) == process.monitorPID)
            let groups = try String(contentsOfFile: "\(monitor)/cgroup", encoding: .utf8)
            #expect(groups.contains("/roost-\(host.paths.instance)/monitors"))
            let open = try FileManager.default.contentsOfDirectory(atPath: "\(monitor)/fd").compactMap { name in
                try? FileManager.default.destinationOfSymbolicLink(atPath: "\(monitor)/fd/\(name)")
            }
            let files = open.filter { $0.hasPrefix("/") && $0 != "/dev/null" && !$0.hasPrefix("/sys/fs/cgroup/") }
            #expect(files.allSatisfy { $0.hasPrefix(host.root) && $0.contains(sandbox.id.text) })
            let environment = try String(contentsOfFile: "\(monitor)/environ", encoding: .utf8)
            #expect(!environment.contains("GREETING"))
        }
    }

    @Test("starts once however often it is asked to, and afresh each time after an end")
    func restarts() async throws {
        try await TestHost.with { host in
            let sandbox = try await host.sandbox("cat /data/mark; echo x > /data/mark; echo written; sleep 100")
            let first = try await host.runtime.start(sandbox)
            #expect(try await host.runtime.start(sandbox) == first)
            #expect(try await host.runtime.list() == [sandbox.id: .running(first)])
            try await host.waitForLog(sandbox.id, "written")
            try await host.runtime.signal(sandbox.id, .kill)
            #expect(try await host.nextExit().code == 137)
            // Without a clear between them: the start does it.
            let second = try await host.runtime.start(sandbox)
            #expect(second != first)
            try await TestHost.eventually("second run") {
                await host.log(sandbox.id).filter { $0 == "written" }.count == 2
            }
            #expect(await !host.log(sandbox.id).contains("x"))
        }
    }

    @Test("gets signals, also when its command is no first process by trade")
    func signals() async throws {
        try await TestHost.with { host in
            let plain = try await host.sandbox("echo ready; sleep 100")
            _ = try await host.runtime.start(plain)
            try await host.waitForLog(plain.id, "ready")
            try await host.runtime.signal(plain.id, .int)
            #expect(try await host.nextExit().code == 130)
            try await host.runtime.signal(plain.id, .int)

            let clean = try await host.sandbox(
                "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done",
                index: 1
            )
            _ = try await host.runtime.start(clean)
            try await host.waitForLog(clean.id, "ready")
            try await host.runtime.signal(clean.id, .term)
            #expect(try await host.nextExit().code == 0)
            #expect(await host.log(clean.id) == ["ready", "bye"])
        }
    }

    @Test("ended for want of memory says so")
    func outOfMemory() async throws {
        try await TestHost.with { host in
            let sandbox = try await host.sandbox("x=a; while :; do x=$x$x; done")
            let process = try await host.runtime.start(sandbox)
            let exit = try await host.nextExit()
            #expect(
                exit == SandboxExit(id: sandbox.id, pid: process.pid, code: 137, outOfMemory: true, monitorLost: false)
            )
            #expect(try await host.runtime.list() == [sandbox.id: .ended(code: 137, outOfMemory: true)])
        }
    }

    @Test("stands still while suspended, goes on after, and can be killed in its sleep")
    func suspends() async throws {
        try await TestHost.with { host in
            let sandbox = try await host.sandbox("i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done")
            let process = try await host.runtime.start(sandbox)
            try await host.waitForLog(sandbox.id, "3")
            try await host.runtime.suspend(sandbox.id)
            #expect(try await host.runtime.list() == [sandbox.id: .suspended(process)])
            #expect(try ProcessTimes.of(process.pid) == ProcessTimes.of(process.pid))
            let seen = await host.log(sandbox.id).count
            try await host.runtime.resume(sandbox.id)
            #expect(try await host.runtime.list() == [sandbox.id: .running(process)])
            try await TestHost.eventually("more lines") { await host.log(sandbox.id).count > seen }
            try await host.runtime.suspend(sandbox.id)
            try await host.runtime.signal(sandbox.id, .kill)
            #expect(try await host.nextExit().code == 137)
            await #expect(throws: Fault.self) { try await host.runtime.suspend(sandbox.id) }
        }
    }

    @Test("tells when its monitor is lost, and then its end without a code")
    func monitorLost() async throws {
        try await TestHost.with { host in
            let sandbox = try await host.sandbox("echo ready; sleep 100")
            let process = try await host.runtime.start(sandbox)
            try await host.waitForLog(sandbox.id, "ready")
            kill(process.monitorPID, SIGKILL)
            let loss = try await host.nextExit()
            #expect(
                loss == SandboxExit(id: sandbox.id, pid: process.pid, code: nil, outOfMemory: false, monitorLost: true)
            )
            #expect(try await host.runtime.list() == [sandbox.id: .unmonitored(process)])
            try await host.runtime.signal(sandbox.id, .kill)
            let end = try await host.nextExit()
            #expect(
                end == SandboxExit(id: sandbox.id, pid: process.pid, code: nil, outOfMemory: false, monitorLost: false)
            )
        }
    }

    @Test("is adopted by the next daemon, which learns of its end")
    func adoption() async throws {
        try await TestHost.with { host in
            let living = try await host.sandbox("echo ready; while [ ! -e /data/go ]; do sleep 0.01; done; exit 5")
            let process = try await host.runtime.start(living)
            let ended = try await host.sandbox("exit 6", index: 1)
            let gone = try await host.runtime.start(ended)
            _ = try await host.nextExit()

            let next = OCIRuntime(paths: host.paths)
            #expect(
                try await next.list() == [living.id: .running(process), ended.id: .ended(code: 6, outOfMemory: false)]
            )
            try await next.watch(living.id, process)
            try await next.watch(living.id, process)
            try await next.watch(ended.id, gone)
            #expect(try await host.nextExit(of: next).code == 6)
            try await host.waitForLog(living.id, "ready")
            try FileManager.default.createDirectory(
                atPath: "/proc/\(process.pid)/root/data/go",
                withIntermediateDirectories: false
            )
            let exit = try await host.nextExit(of: next)
            #expect(
                exit == SandboxExit(id: living.id, pid: process.pid, code: 5, outOfMemory: false, monitorLost: false)
            )
            try await next.clear(living.id)
            #expect(try await next.list()[living.id] == .provisioned)
        }
    }

    @Test("that can't start says why and leaves only its network")
    func failedStart() async throws {
        try await TestHost.with { host in
            var sandbox = try await host.sandbox("")
            sandbox.command = ["/nonexistent"]
            await #expect { try await host.runtime.start(sandbox) } throws: { ($0 as? Fault)?.code == .invalidConfig }
            sandbox.user = "nobody-here"
            await #expect { try await host.runtime.start(sandbox) } throws: { ($0 as? Fault)?.code == .invalidConfig }
            sandbox.layers = ["\(host.root)/missing"]
            await #expect { try await host.runtime.start(sandbox) } throws: { ($0 as? Fault)?.code == .imageNotFound }
            sandbox.id = .random()
            await #expect { try await host.runtime.start(sandbox) } throws: { ($0 as? Fault)?.code == .invalidState }
            #expect(try await host.runtime.list().values.map { $0 } == [.provisioned])
        }
    }

    @Test("cut off in its start by a crash is cleared by what comes next")
    func halfMade() async throws {
        try await TestHost.with { host in
            let sandbox = try await host.sandbox("sleep 100")
            let process = try await host.runtime.start(sandbox)
            // As if the daemon had died before it noted the start.
            unlink("\(host.paths.run)/machines/\(sandbox.id)/record.json")
            #expect(try await host.runtime.list() == [sandbox.id: .ended(code: nil, outOfMemory: false)])
            let second = try await host.runtime.start(sandbox)
            #expect(second.pid != process.pid)
            try await TestHost.eventually("the first one's end") {
                kill(process.pid, 0) != 0 || ProcessTimes.isZombie(process.pid)
            }
        }
    }

    @Test("leaves nothing on the host when it is destroyed, ten times")
    func leavesNothing() async throws {
        try await TestHost.with { host in
            let before = try await HostTraces.look(host)
            for index in 0..<10 {
                let sandbox = try await host.sandbox("echo x > /data/file; echo ready; sleep 100", index: index)
                let process = try await host.runtime.start(sandbox)
                if index.isMultiple(of: 2) { try await host.waitForLog(sandbox.id, "ready") }
                if index.isMultiple(of: 3) { try await host.runtime.suspend(sandbox.id) }
                try await host.runtime.destroy(sandbox.id)
                try await host.runtime.destroy(sandbox.id)
                #expect(kill(process.pid, 0) != 0 || ProcessTimes.isZombie(process.pid))
                #expect(kill(process.monitorPID, 0) != 0 || ProcessTimes.isZombie(process.monitorPID))
            }
            let left = try await HostTraces.look(host).added(since: before)
            #expect(left == [])
            #expect(try await host.runtime.list().isEmpty)
        }
    }

    @Test("comes up beside many others at once")
    func crowd() async throws {
        try await TestHost.with { host in
            let clock = ContinuousClock()
            let begin = clock.now
            let processes = try await withThrowingTaskGroup { group in
                for index in 0..<12 {
                    group.addTask {
                        try await host.runtime.start(try await host.sandbox("exit \(index)", index: index))
                    }
                }
                return try await group.reduce(into: [Int32]()) { $0.append($1.pid) }
            }
            print("ms: 12 starts at once:", begin.duration(to: clock.now).milliseconds)
            #expect(Set(processes).count == 12)
            var exits: [SandboxExit] = []
            for _ in processes { exits.append(try await host.nextExit()) }
            #expect(exits.compactMap(\.code).sorted() == Array(0..<12), "\(exits)")
        }
    }

    @Test("starts in tens of milliseconds, suspends and resumes in one")
    func timing() async throws {
        try await TestHost.with { host in
            for index in 0..<5 {
                let clock = ContinuousClock()
                var marks = [clock.now]
                let sandbox = try await host.sandbox("echo ready; sleep 100", index: index)
                marks.append(clock.now)
                _ = try await host.runtime.start(sandbox)
                marks.append(clock.now)
                try await host.waitForLog(sandbox.id, "ready")
                let ready = clock.now
                try await host.runtime.suspend(sandbox.id)
                marks.append(ready.advanced(by: .zero))
                marks.append(clock.now)
                try await host.runtime.resume(sandbox.id)
                marks.append(clock.now)
                try await host.runtime.destroy(sandbox.id)
                marks.append(clock.now)
                let spans = zip(marks, marks.dropFirst()).map { $0.duration(to: $1).milliseconds }
                print("ms: provision, start, first line, suspend, resume, destroy:", spans)
                // Far above what is usual, since the machine may be busy with other things.
                #expect(spans[1] < 2000)
            }
        }
    }
}
