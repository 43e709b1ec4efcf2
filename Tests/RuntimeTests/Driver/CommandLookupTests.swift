import Foundation
import Model
import Testing

@testable import Runtime

@Suite("Looking at a command before its start")
struct CommandLookupTests {
    /// What is wrong with a command in a root file system of those files; those whose names have no dot are executable
    /// as all scripts are.
    private func fault(
        _ files: [String: String],
        _ command: [String],
        mounts: [String] = [],
        change: (inout Sandbox) -> Void = { _ in }
    ) throws -> Fault? {
        let root = NSTemporaryDirectory() + "lookup-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: root) }
        for (name, text) in files.merging(
            ["bin/sh": "\u{7f}ELF", "usr/bin/env": "\u{7f}ELF"],
            uniquingKeysWith: { $1 }
        ) {
            let path = "\(root)/\(name)"
            let folder = URL(filePath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: path))
            let mode = name.hasSuffix(".txt") || name.hasSuffix(".py") ? 0o644 : 0o755
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
        var sandbox = Sandbox(
            id: .random(),
            hostname: "h",
            layers: [],
            image: Image.Config(workingDirectory: "/app"),
            command: command,
            env: [:],
            guest: .init(),
            address: Machine.Address(ipv4: "", ipv6: "")
        )
        sandbox.origin = .processes
        sandbox.argumentsOrigin = .imageCommand
        sandbox.mounts = mounts.map { Sandbox.Mount(source: "", destination: $0) }
        change(&sandbox)
        do throws(Fault) {
            try CommandLookup.check(sandbox, rootfs: root)
            return nil
        } catch {
            return error
        }
    }

    @Test("a script with Windows line ends is told by its name and by who named it")
    func crlf() throws {
        let script = "#!/bin/sh\r\nexec python server.py\r\n"
        let fault = try #require(try fault(["app/start.sh": script], ["./start.sh"]))
        #expect(fault.message == "./start.sh asks for the interpreter \"/bin/sh\\r\": its lines end in CRLF")
        #expect(fault.hint?.contains("[processes] in fly.toml") == true)
        let entry = try #require(
            try self.fault(["app/entry.sh": script], ["/app/entry.sh", "python3"]) { $0.origin = .imageEntrypoint }
        )
        #expect(entry.hint?.contains("ENTRYPOINT in the Dockerfile") == true)
    }

    @Test(
        "the same is found wherever a script is started from",
        arguments: [
            ["./start.sh"], ["/app/start.sh", "a"], ["sh", "start.sh"], ["/bin/sh", "-e", "./start.sh"],
            ["sh", "-c", "echo a && ./start.sh"], ["sh", "-c", "exec ./start.sh"], ["/entry", "./start.sh"],
            ["tini", "--", "./start.sh"], ["/entry", "sh", "start.sh"], ["./env.sh"],
        ]
    )
    func everywhere(command: [String]) throws {
        let files = [
            "app/start.sh": "#!/bin/sh\r\ntrue\r\n", "entry": "#!/bin/sh\nexec \"$@\"\n", "usr/bin/tini": "\u{7f}ELF",
            "app/env.sh": "#!/usr/bin/env sh\r\ntrue\r\n",
        ]
        let fault = try #require(try fault(files, command), "\(command)")
        #expect(fault.message.contains("CRLF"), "\(fault.message)")
    }

    @Test("an interpreter that the image does not have is named")
    func missing() throws {
        for (first, name) in [
            ("#!/bin/bash", "/bin/bash"), ("#! /usr/bin/python3 -u", "/usr/bin/python3"),
            ("#!/usr/bin/env python3", "python3"), ("#!/usr/bin/env -S node --x", "node"),
        ] {
            let fault = try #require(try fault(["app/run": "\(first)\n"], ["./run"]))
            #expect(fault.message == "./run asks for the interpreter \"\(name)\", which is not in the image")
        }
    }

    @Test(
        "what can be started is let pass",
        arguments: [
            ["./good.sh"], ["sh", "-c", "python x.py; ./good.sh"], ["/entry", "sh"], ["./data.txt.sh"],
            ["sh", "-c", "python start.py"], ["/entry"], ["/data/anything"], ["sh", "/data/x.sh"],
            ["sh", "nothing.sh"],
        ]
    )
    func good(command: [String]) throws {
        let files = [
            "app/good.sh": "#!/bin/sh -e\ntrue\n", "entry": "#!/usr/bin/env sh\nexec \"$@\"\n",
            "app/start.py": "#!/usr/bin/env python\r\n", "app/data.txt.sh": "no script\r\n",
        ]
        #expect(try fault(files, command, mounts: ["/data"]) == nil)
    }

    @Test("a command that is there and may not be executed is told apart from one that is not there")
    func executable() throws {
        let plain = try #require(try fault(["app/run.py": "#!/bin/sh\n"], ["./run.py"]))
        #expect(plain.message.contains("not executable") && plain.hint?.contains("chmod +x run.py") == true)
        let gone = try #require(try fault([:], ["./run.py"]))
        #expect(gone.message.contains("is not in the image") && gone.hint == "correct [processes] in fly.toml")
    }

    @Test("no link leads out of the root file system")
    func links() throws {
        let root = NSTemporaryDirectory() + "lookup-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: "\(root)/app", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: "\(root)/app/run", withDestinationPath: "/bin/bash")
        #expect(RootedFile.read(root: root, "app/run") == nil)
    }

    @Test("the first line of a script, as the kernel reads it")
    func heads() {
        #expect(ScriptHead("#!/bin/sh\n")?.interpreter == "/bin/sh")
        #expect(ScriptHead("#! \t/bin/sh \t-e x \n")?.argument == "-e x")
        #expect(ScriptHead("#!/bin/sh\r\nx")?.endsInCR == true)
        #expect(ScriptHead("#!/usr/bin/env -S FOO=1 python3 -u\n")?.soughtByEnv == "python3")
        for text in ["", "#!", "#!\n", "#!  \n", "# !/bin/sh\n", "\u{7f}ELF"] { #expect(ScriptHead(text) == nil) }
    }
}
