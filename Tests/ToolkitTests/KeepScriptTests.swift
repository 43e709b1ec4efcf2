import Foundation
import Testing

/// scripts/keep.sh with a daemon that only writes down what happens to it.
@Suite("The keeper of a daemon", .serialized)
struct KeepScriptTests {
    private static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// As the edge does: at TERM it asks for the next one, at USR2 it ends.
    private static let daemon = """
        #!/usr/bin/env bash
        echo "start $$" >>"$2/log"
        trap 'echo "asked $$" >>"$2/log"; kill -USR1 "$ROOST_KEEPER"' TERM
        trap 'echo "end $$" >>"$2/log"; exit 0' USR2
        echo "ready $$" >>"$2/log"
        kill -USR2 "$ROOST_KEEPER"
        while :; do sleep 0.02; done
        """

    private struct Keeper {
        let process: Process
        let folder: String

        var log: [String] {
            let text = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? ""
            return text.split(separator: "\n").map(String.init)
        }

        /// Process IDs of daemons that have said this, in their order.
        func who(_ word: String) -> [String] {
            log.filter { $0.hasPrefix("\(word) ") }.map { String($0.dropFirst(word.count + 1)) }
        }

        func until(_ what: String, within seconds: Double = 20, _ condition: () -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(seconds)
            while !condition() {
                guard ContinuousClock.now < end else {
                    Issue.record("never: \(what); the log: \(log)")
                    throw CancellationError()
                }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    private func with(_ body: (Keeper) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "keep-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Self.daemon.write(toFile: "\(folder)/daemon", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/daemon")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // As a thread of a pool starts it, which blocks signals: it has to hear them all the same.
        let blocked = """
            import os, signal, sys
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
            os.execvp("bash", ["bash"] + sys.argv[1:])
            """
        process.arguments = [
            "python3", "-c", blocked, "\(Self.package)/scripts/keep.sh", "\(folder)/daemon", "edge", folder,
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(["ROOST_RUN": folder]) { $1 }
        try process.run()
        let keeper = Keeper(process: process, folder: folder)
        do {
            try await body(keeper)
        } catch {
            process.terminate()
            throw error
        }
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(Set(keeper.who("end")).isSuperset(of: keeper.who("start").suffix(1)))
    }

    @Test("a daemon that is told to end goes on until the next one is ready")
    func exchange() async throws {
        try await with { keeper in
            try await keeper.until("ready") { keeper.who("ready").count == 1 }
            for round in 1...3 {
                let old = try #require(keeper.who("ready").last.flatMap { Int32($0) })
                if round == 3 { kill(keeper.process.processIdentifier, SIGHUP) } else { kill(old, SIGTERM) }
                try await keeper.until("the old one ends") { keeper.who("end").last == "\(old)" }
                let log = keeper.log
                let ready = try #require(log.lastIndex { $0.hasPrefix("ready ") })
                let end = try #require(log.lastIndex { $0.hasPrefix("end ") })
                #expect(ready < end, "\(log)")
                let written = try String(contentsOfFile: "\(keeper.folder)/edge.child", encoding: .utf8)
                #expect(written == "\(keeper.who("start").last ?? "")\n")
            }
        }
    }

    @Test("a daemon that is killed again and again is there again at once each time")
    func killed() async throws {
        try await with { keeper in
            let begun = ContinuousClock.now
            for round in 1...8 {
                try await keeper.until("ready") { keeper.who("ready").count == round }
                kill(try #require(keeper.who("ready").last.flatMap { Int32($0) }), SIGKILL)
            }
            try await keeper.until("ready") { keeper.who("ready").count == 9 }
            // Doubled each time from a tenth of a second up to five, the pauses alone would be 16 s.
            #expect(ContinuousClock.now - begun < .seconds(8))
        }
    }
}
