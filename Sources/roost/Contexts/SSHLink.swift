import Foundation
import Model
import Toolkit

/// A way to a daemon's socket by the user's own ssh, with its keys, its agent and its configuration.
///
/// One connection stays open for ten minutes after the last command, so that only the first has to wait for it. Nothing
/// is opened or configured on the host: who may be root there by ssh may use the socket.
struct SSHLink {
    let target: String
    let port: Int?
    let run: String

    /// Where the daemon's socket is seen on this machine.
    var socket: String { "\(Self.folder)/\(name).api" }

    private var control: String { "\(Self.folder)/\(name).ssh" }
    private var name: String { String(HostPaths.fnv1a("\(target) \(port ?? 0) \(run)"), radix: 16) }

    /// Of this user alone, and with a path short enough for a socket's.
    private static var folder: String {
        let runtime = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? ""
        return runtime.hasPrefix("/") && runtime.utf8.count < 60 ? "\(runtime)/roost" : "/tmp/roost-\(getuid())"
    }

    /// Opens the way, if it is not open.
    ///
    /// - Throws: ``Fault`` `unreachable` with what ssh said.
    func open() async throws {
        try Self.makeFolder()
        if Self.answers(socket) { return }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["ssh"] + arguments
        let errors = Pipe()
        process.standardError = errors
        // Its master lives on, and must not keep a pipe of ours open.
        process.standardOutput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw Fault(.toolMissing, "ssh can't be started: \(error)", hint: "install OpenSSH's client")
        }
        process.waitUntilExit()
        guard process.terminationStatus == 0, Self.answers(socket) else {
            let said = process.terminationStatus == 0 ? "" : Self.text(errors)
            throw Fault(
                .unreachable,
                "ssh found no way to \(target): \(said.isEmpty ? "\(run)/api.sock is not there" : said)",
                hint: "does it work by hand? ssh \(port.map { "-p \($0) " } ?? "")\(target) ls -l \(run)/api.sock"
            )
        }
    }

    /// Ends the connection that was kept, if there is one.
    func close() {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["ssh", "-o", "ControlPath=\(control)", "-O", "exit", target]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return }
        process.waitUntilExit()
    }

    // MARK: - Private

    /// A terminal is there for ssh's own questions: passwords are asked for on it, not on our pipes.
    private var arguments: [String] {
        let options = [
            "ControlMaster=auto", "ControlPath=\(control)", "ControlPersist=600", "StreamLocalBindUnlink=yes",
            "ExitOnForwardFailure=yes", "ServerAliveInterval=15", "ServerAliveCountMax=2", "ConnectTimeout=15",
            "StreamLocalBindMask=0177",
        ]
        return options.flatMap { ["-o", $0] } + (port.map { ["-p", "\($0)"] } ?? [])
            + ["-L", "\(socket):\(run)/api.sock", "--", target, "test -S '\(run)/api.sock'"]
    }

    /// What was said on the pipe so far; whoever holds its other end may live on.
    private static func text(_ pipe: Pipe) -> String {
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = max(read(descriptor, &bytes, bytes.count), 0)
        return String(decoding: bytes[..<count], as: UTF8.self).split(whereSeparator: \.isNewline)
            .joined(separator: "; ")
    }

    /// Whether the socket leads to somebody: one that is left over refuses.
    private static func answers(_ path: String) -> Bool {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    /// Nobody else may have made it: whoever owns it could stand between us and the host.
    private static func makeFolder() throws {
        if mkdir(folder, 0o700) == 0 { return }
        var status = stat()
        guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == getuid(),
            status.st_mode & 0o077 == 0
        else {
            throw Fault(
                .io,
                "\(folder) can't be used for connections: it has to be a folder of yours alone",
                hint: "remove it, or set XDG_RUNTIME_DIR"
            )
        }
    }
}
