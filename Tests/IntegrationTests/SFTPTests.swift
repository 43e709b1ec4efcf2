import Foundation
import Testing

/// Files into Machines and out of them.
@Suite("Files of Machines", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct SFTPTests {
    @Test("folders go there and back whole, with modes; nothing is replaced unasked, and nothing half is left")
    func copies() async throws {
        try await TestHost.with { host in
            let app = try TestApp("box", mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let own = "\(host.root)/files"
            try await Shell.line(
                "mkdir -p \(own)/tree/deep && cd \(own)/tree && head -c 3000000 /dev/urandom > big && echo x > 'a b' && "
                    + "chmod 751 big && ln -s big link && touch deep/empty"
            )
            try await host.done("ssh", "sftp", "put", "\(own)/tree", "/data/tree", "-a", "box")
            let list = try await host.done("ssh", "sftp", "find", "/data", "-a", "box").split(separator: "\n")
            #expect(Set(list).isSuperset(of: ["/data/tree/big", "/data/tree/a b", "/data/tree/deep/empty"]), "\(list)")
            #expect(!list.contains { $0.contains(".roost-") })
            try await host.done("ssh", "sftp", "get", "/data/tree", "\(own)/back", "-a", "box")
            try await Shell.line("diff -r \(own)/tree \(own)/back && [ $(stat -c %a \(own)/back/big) = 751 ]")
            #expect(try await Shell.line("readlink \(own)/back/link; ls -A \(own)") == "big\nback\ntree\n")
            for words in [
                ["get", "/data/tree/big", "\(own)/back/big"], ["put", "\(own)/tree/big", "/data/tree/big"],
                ["get", "/data/none", "\(own)/none"], ["put", "\(own)/none", "/data/none"],
                ["put", "\(own)/tree/big", "/no/such/folder/big"],
            ] {
                let outcome = try await host.roost("ssh", "sftp", words[0], words[1], words[2], "-a", "box")
                #expect(outcome.code == 1 && !outcome.error.isEmpty, "\(words): \(outcome.all)")
            }
            try await Shell.line("echo new > \(own)/tree/big")
            try await host.done("ssh", "sftp", "put", "\(own)/tree/big", "/data/tree/big", "--force", "-a", "box")
            try await host.done("ssh", "sftp", "get", "/data/tree/big", "\(own)/back/big", "--force", "-a", "box")
            #expect(try String(contentsOfFile: "\(own)/back/big", encoding: .utf8) == "new\n")
        }
    }
}
