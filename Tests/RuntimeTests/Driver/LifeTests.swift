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
            #expect(exit == SandboxExit(id: sandbox.id, pid: process.pid, code: 3, outOfMemory: false, monitorLost: false))
            #expect(try host.log(sandbox.id).sorted() == ["hello", "oops"])
            #expect(try await host.runtime.list() == [sandbox.id: .ended(code: 3, outOfMemory: false)])
            try await host.runtime.clear(sandbox.id)
            #expect(try await host.runtime.list() == [sandbox.id: .provisioned])
        }
    }

    @Test("starts quickly")
    func timing() async throws {
        try await TestHost.with { host in
            for index in 0..<5 {
                let clock = ContinuousClock()
                let begin = clock.now
                let sandbox = try await host.sandbox("echo ready; sleep 100", index: index)
                let provisioned = clock.now
                _ = try await host.runtime.start(sandbox)
                let started = clock.now
                try await host.runtime.suspend(sandbox.id)
                let suspended = clock.now
                try await host.runtime.resume(sandbox.id)
                let resumed = clock.now
                try await TestHost.eventually("ready") { try host.log(sandbox.id) == ["ready"] }
                try await host.runtime.signal(sandbox.id, .int)
                _ = try await host.nextExit()
                let ended = clock.now
                try await host.runtime.clear(sandbox.id)
                let cleared = clock.now
                try await host.runtime.destroy(sandbox.id)
                print("provision", begin.duration(to: provisioned), "start", provisioned.duration(to: started),
                    "suspend", started.duration(to: suspended), "resume", suspended.duration(to: resumed), "end",
                    resumed.duration(to: ended), "clear", ended.duration(to: cleared), "destroy", cleared.duration(to: clock.now))
            }
        }
    }
}
