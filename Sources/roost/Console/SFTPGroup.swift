import ArgumentParser
import Client
import Foundation
import Model

struct SFTPGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sftp",
        abstract: "Copy files and folders into a Machine that runs and out of it, with their modes.",
        subcommands: [SFTPGet.self, SFTPPut.self, SFTPFind.self]
    )
}

/// Which Machine's files.
struct FilePlace: ParsableArguments {
    @OptionGroup var connection: Connection
    @Option(help: "The Machine; else the first that runs.") var machine: Machine.ID?
    @Option(name: [.customShort("g"), .long], help: "A Machine of this process group.") var processGroup: String?
    @Option(name: [.short, .long], help: "The user inside; else that of the app.") var user: String?

    func files(_ client: RoostClient) async throws -> RemoteFiles {
        let app = try connection.appName()
        let id = try await MachineChoice(app: app, group: processGroup).running(machine, client)
        return RemoteFiles(client: client, path: apiPath("apps", app, "machines", id, "console"), user: user)
    }
}

struct SFTPGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Copy a file or a folder from a Machine.",
        discussion: "It appears under its name when it is whole. The Machine's image needs tar."
    )

    @Argument(help: "The path in the Machine.") var remote: String
    @Argument(help: "Where to; its own name in this folder when nothing is said.") var local: String?
    @OptionGroup var place: FilePlace
    @Flag(name: [.short, .long], help: "Replace what is there.") var force = false

    func run() async throws {
        let (folder, name) = try PathParts.split(remote)
        var target = local ?? name
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: target, isDirectory: &isFolder), isFolder.boolValue, local != nil {
            target += "/\(name)"
        }
        if FileManager.default.fileExists(atPath: target), !force {
            throw Fault(.invalidRequest, "\(target) is there already", hint: "give another name, or --force")
        }
        // Beside it, so that it is renamed and not copied.
        let parent = (target as NSString).deletingLastPathComponent
        let passing = (parent.isEmpty ? "." : parent) + "/.roost-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: passing, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: passing) }
        try await RoostClient.atHost { client in
            let files = try await place.files(client)
            let tar = try LocalTar(["-xf", "-", "-C", passing], reads: true)
            let ended = try await files.read(["tar", "-cf", "-", "-C", folder, "--", name]) { try tar.take($0) }
            let code = tar.finish()
            guard ended.code == 0, code == 0 else { throw PathParts.fault(ended, "tar", remote) }
        }
        if force { try? FileManager.default.removeItem(atPath: target) }
        try FileManager.default.moveItem(atPath: "\(passing)/\(name)", toPath: target)
        print("\(Output.harmless(remote)) copied to \(target)")
    }
}

struct SFTPPut: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Copy a file or a folder into a Machine.",
        discussion: """
            It appears under its name when it is whole, owned by the app's user. What is on no volume is gone when the \
            Machine stops. The Machine's image needs tar and a shell.
            """
    )

    @Argument(help: "The file or the folder.") var local: String
    @Argument(help: "The path in the Machine; its own name in the working folder when nothing is said.")
    var remote: String?
    @OptionGroup var place: FilePlace
    @Flag(name: [.short, .long], help: "Replace what is there.") var force = false

    /// Unpacks beside the place, then renames.
    ///
    /// $1 is the folder, $2 the name it comes with, $3 the one it gets.
    private static let script = """
        [ -d "$1/$3" ] && [ "$4" != force ] && set -- "$1/$3" "$2" "$2" "$4"
        if [ -e "$1/$3" ] && [ "$4" != force ]; then echo "$1/$3 is there already" >&2; exit 17; fi
        d=$(mktemp -d "$1/.roost-XXXXXX") || exit 1
        trap 'rm -rf "$d"' EXIT
        tar -xof - -C "$d" || exit 1
        [ "$4" = force ] && rm -rf "$1/$3"
        mv "$d/$2" "$1/$3"
        """

    func run() async throws {
        let (folder, name) = try PathParts.split(local)
        guard FileManager.default.fileExists(atPath: local) else {
            throw Fault(.invalidRequest, "there is no \(local)")
        }
        let (there, newName) = try PathParts.split(remote ?? name)
        try await RoostClient.atHost { client in
            let files = try await place.files(client)
            let tar = try LocalTar(["-cf", "-", "-C", folder, "--", name], reads: false)
            let words = ["sh", "-c", Self.script, "sh", there, name, newName, force ? "force" : ""]
            let ended = try await files.write(words, from: tar.descriptor)
            let code = tar.finish(isTaken: ended.code == 0)
            guard ended.code == 0, code == 0 else { throw PathParts.fault(ended, "tar and sh", remote ?? name) }
        }
        print("\(local) copied to \(Output.harmless(remote ?? name))")
    }
}

struct SFTPFind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find",
        abstract: "List the files below a folder of a Machine."
    )

    @Argument(help: "The folder in the Machine.") var folder = "/"
    @OptionGroup var place: FilePlace

    func run() async throws {
        try await RoostClient.atHost { client in
            let files = try await place.files(client)
            let ended = try await files.read(["find", folder, "-xdev"]) { bytes in
                FileHandle.standardOutput.write(Data(bytes))
            }
            guard ended.code == 0 else { throw PathParts.fault(ended, "find", folder) }
        }
    }
}

/// Paths as `tar` wants them.
enum PathParts {
    /// The folder and the name in it.
    static func split(_ path: String) throws(Fault) -> (folder: String, name: String) {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        let name = (trimmed as NSString).lastPathComponent
        guard !name.isEmpty, name != "/", name != ".", name != ".." else {
            throw Fault(.invalidRequest, "\(path) names no file and no folder of its own")
        }
        let folder = (trimmed as NSString).deletingLastPathComponent
        return (folder.isEmpty ? "." : folder, name)
    }

    static func fault(_ ended: RemoteFiles.Ended, _ tools: String, _ path: String) -> Fault {
        let said = ended.errors.isEmpty ? "exit code \(ended.code)" : ended.errors
        return Fault(
            .invalidRequest,
            "\(Output.harmless(path)) was not copied: \(said)",
            hint: "the Machine's image needs \(tools); --user root may reach more"
        )
    }
}

/// This machine's `tar`, one end of whose pipe is ours.
final class LocalTar {
    private let process = Process()
    private let pipe = Pipe()
    private let reads: Bool

    /// `reads`: it is given an archive; else it makes one.
    init(_ arguments: [String], reads: Bool) throws {
        self.reads = reads
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["tar"] + arguments
        if reads {
            process.standardInput = pipe
            // A tar that gives up early is told of by its exit code.
            signal(SIGPIPE, SIG_IGN)
        } else {
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = pipe
        }
        try process.run()
    }

    /// Where the archive comes from.
    var descriptor: Int32 { pipe.fileHandleForReading.fileDescriptor }

    /// Hands over a piece of an archive.
    func take(_ bytes: ArraySlice<UInt8>) throws {
        try pipe.fileHandleForWriting.write(contentsOf: Data(bytes))
    }

    /// Its exit code, once it has read or written all; one whose archive nobody takes any more is ended.
    func finish(isTaken: Bool = true) -> Int32 {
        if reads { try? pipe.fileHandleForWriting.close() }
        // It would wait for ever for room in the pipe, and may have been started with signals blocked that ask for an end.
        if !isTaken { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
