import Foundation
import Model
import Testing
import Toolkit

@Suite(
    "restic",
    .enabled(if: Restic.program != nil, "restic is missing (scripts/install.sh test)"),
    .timeLimit(.minutes(5))
)
struct ResticTests {
    private func with(_ body: (Restic, _ root: String) async throws -> Void) async throws {
        let root = NSTemporaryDirectory() + "roost-restic-\(UUID())"
        try Durable.makeFolder("\(root)/source/folder")
        defer { try? FileManager.default.removeItem(atPath: root) }
        try Durable.write(Data("a password".utf8), to: "\(root)/password", mode: 0o600)
        try Durable.write(Data("one".utf8), to: "\(root)/source/one")
        try Durable.write(Data(), to: "\(root)/source/folder/empty")
        try Durable.write(Data((0..<200_000).map { _ in UInt8.random(in: 0...255) }), to: "\(root)/source/folder/big")
        let restic = Restic(
            repository: try BackupRepository("\(root)/repository"),
            passwordFile: "\(root)/password",
            environment: [:],
            cache: "\(root)/cache",
            lock: "\(root)/lock"
        )
        try await body(restic, root)
    }

    private func fault(_ body: () async throws -> Void) async -> Fault? {
        do {
            try await body()
            return nil
        } catch {
            return error as? Fault
        }
    }

    @Test("stores, lists, reads, restores; a missing source is passed over, which the list shows")
    func stores() async throws {
        try await with { restic, root in
            try await restic.initialise()
            let again = await fault { try await restic.initialise() }
            #expect(again?.code == .invalidState && again?.hint?.contains("roost backup restore") == true)
            #expect(try await restic.snapshots().isEmpty)
            let first = try await restic.store(["one", "folder"], of: "\(root)/source", host: "host_a")
            #expect(first.files == 3 && first.totalBytes == 200_003 && first.addedBytes > 200_000)
            let all: [String: Int64] = ["one": 3, "folder/empty": 0, "folder/big": 200_000]
            #expect(try await restic.list(first.snapshot) == all)
            #expect(try await restic.read("one", of: first.snapshot) == Data("one".utf8))
            let second = try await restic.store(["one", "lost", "folder"], of: "\(root)/source", host: "host_b")
            #expect(try await restic.list(second.snapshot) == all)
            #expect(second.addedBytes < 20_000, "\(second.addedBytes)")
            let listed = try await restic.snapshots()
            #expect(listed.map(\.host) == ["host_b", "host_a"] && listed[0].id.hasPrefix(second.snapshot))
            try await restic.restore(first.snapshot, to: "\(root)/out")
            #expect(try Digest.hex(file: "\(root)/out/folder/big") == Digest.hex(file: "\(root)/source/folder/big"))
        }
    }

    @Test("forgets by the policy, only of one host, and nothing that is not ours")
    func forgets() async throws {
        try await with { restic, root in
            try await restic.initialise()
            let foreign = try await Command(
                "restic",
                ["backup", "--quiet", "--host", "host_a", "\(root)/source"],
                environment: [
                    "RESTIC_REPOSITORY": restic.repository.address, "RESTIC_PASSWORD_FILE": restic.passwordFile,
                    "RESTIC_CACHE_DIR": restic.cache,
                ]
            ).run()
            #expect(foreign.code == 0, "\(foreign.error)")
            for (host, text) in [("host_a", "1"), ("host_a", "2"), ("host_b", "3"), ("host_a", "4")] {
                try Durable.write(Data(text.utf8), to: "\(root)/source/one")
                _ = try await restic.store(["one"], of: "\(root)/source", host: host)
            }
            var policy = BackupPolicy()
            (policy.hourly, policy.daily, policy.weekly, policy.monthly) = (0, 1, 0, 0)
            try await restic.forget(policy, host: "host_a")
            let left = try await restic.snapshots()
            #expect(left.map(\.host) == ["host_a", "host_b"])
            #expect(try await restic.read("one", of: left[0].id) == Data("4".utf8))
            try await restic.check(data: true)
            try await restic.forget(snapshot: left[1].id)
            #expect(try await restic.snapshots().count == 1)
            // What somebody else keeps there is still there.
            let listed = try FileManager.default.contentsOfDirectory(atPath: "\(root)/repository/snapshots")
            #expect(listed.count == 2)
        }
    }

    @Test("a flipped byte in a pack is found, a wrong password and a lost repository are told as such")
    func damaged() async throws {
        try await with { restic, root in
            let lost = await fault { _ = try await restic.snapshots() }
            #expect(
                lost?.code == .unreachable && lost?.message.contains("there is no repository") == true,
                "\(lost as Any)"
            )
            try await restic.initialise()
            _ = try await restic.store(["folder"], of: "\(root)/source", host: "host_a")
            try await restic.check(data: true)
            var other = restic
            other.passwordFile = "\(root)/other"
            try Durable.write(Data("another".utf8), to: other.passwordFile)
            let wrong = await fault { _ = try await other.snapshots() }
            #expect(wrong?.message.contains("password does not open") == true, "\(wrong as Any)")
            #expect(wrong?.message.contains("another") == false)
            try Self.flip(in: "\(root)/repository/data")
            let found = await fault { try await restic.check(data: true) }
            #expect(found?.code == .corrupt, "\(found as Any)")
        }
    }

    @Test("one that outlives who started it keeps the next one out")
    func held() async throws {
        try await with { restic, root in
            try await restic.initialise()
            let holder = Process()
            holder.executableURL = URL(filePath: "/usr/bin/flock")
            holder.arguments = ["--no-fork", restic.lock, "sleep", "60"]
            try holder.run()
            defer {
                kill(holder.processIdentifier, SIGKILL)
                holder.waitUntilExit()
            }
            var seen: Fault?
            for _ in 0..<100 where seen == nil {
                seen = await fault { try await restic.unlock() }
                if seen == nil { try await Task.sleep(for: .milliseconds(20)) }
            }
            #expect(try await restic.snapshots().isEmpty, "who only looks is let in")
            #expect(seen?.code == .invalidState && seen?.message.contains("still runs") == true, "\(seen as Any)")
        }
    }

    @Test("lines that are none of restic's are passed over")
    func lines() throws {
        #expect(ResticOutput.summary("missing does not exist, skipping") == nil)
        #expect(ResticOutput.summary(#"{"message_type":"status","percent_done":0.5}"#) == nil)
        let line = #"{"message_type":"summary","data_added":5,"total_files_processed":2,"snapshot_id":"af969033"}"#
        #expect(ResticOutput.summary(line)?.snapshot == "af969033")
        #expect(ResticOutput.file(#"{"name":"l","type":"symlink","path":"/l"}"#) == nil)
        #expect(ResticOutput.file(#"{"name":"a","type":"file","path":"/v/a","size":12}"#)?.bytes == 12)
        #expect(try ResticOutput.snapshots("null").isEmpty)
        #expect(throws: Fault.self) { try ResticOutput.snapshots("Fatal: no") }
    }

    private static func flip(in folder: String) throws {
        let name = try #require(
            FileManager.default.subpaths(atPath: folder)?.max { first, second in
                let size = { (path: String) in
                    (try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(path)")[.size] as? Int) ?? 0
                }
                return size(first) < size(second)
            }
        )
        var data = try #require(FileManager.default.contents(atPath: "\(folder)/\(name)"))
        data[data.count / 2] ^= 1
        chmod("\(folder)/\(name)", 0o600)
        try data.write(to: URL(filePath: "\(folder)/\(name)"))
    }
}
