import ArgumentParser
import Foundation
import Model
import Runtime
import Store
import Toolkit

/// A file for asking for help with, made here and sent nowhere.
struct SupportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "support",
        abstract: "Write what is needed to ask for help into one file, without secrets."
    )

    @OptionGroup var flags: HostFlags
    @Option(name: .shortAndLong, help: "The file to write; else roost-support-TIME.tar.gz in this folder.")
    var output: String?
    @Option(help: "Lines of each daemon's log.") var lines = 2000
    @Option(help: "A daemon's log where systemd does not keep it; may be given more than once.") var log: [String] = []

    func validate() throws {
        guard (1...100_000).contains(lines) else {
            throw ValidationError("--lines: found \(lines), expected 1 to 100000")
        }
    }

    func run() async throws {
        guard geteuid() == 0 else {
            throw Fault(.hostUnfit, "the records and logs of this host are root's", hint: "sudo roost support")
        }
        let config = try HostConfig.load(flags)
        let records = (try? StoreInspection.records(path: config.paths.database)) ?? []
        let bundle = SupportBundle(config, records, lines: lines, logs: log)
        let files = await bundle.files()
        let time = Timestamp.now().rfc3339.filter { $0.isNumber || $0 == "T" }.prefix(15)
        let target = output ?? "\(FileManager.default.currentDirectoryPath)/roost-support-\(time).tar.gz"
        try await Self.write(files, to: target)
        for file in files { print("  \(file.name)  \(file.text.utf8.count) bytes") }
        print("\(target) is for whom you ask for help. Nothing was sent. Read it first: tar -xzf \(target)")
    }

    // MARK: - Private

    private static func write(_ files: [SupportBundle.File], to target: String) async throws {
        let folder = NSTemporaryDirectory() + "roost-support-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Durable.makeFolder(folder, mode: 0o700)
        for file in files { try Durable.write(Data(file.text.utf8), to: "\(folder)/\(file.name)") }
        let mask = umask(0o077)
        defer { umask(mask) }
        let names = files.map(\.name)
        _ = try await Command("tar", ["-czf", target, "--owner=root", "--group=root", "-C", folder] + names).checked()
    }
}
