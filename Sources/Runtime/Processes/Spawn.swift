import CLinux
import Dispatch
import Glibc
import Model
import Toolkit

/// Programs started with chosen descriptors and in a session of their own, from a thread that may block.
///
/// `Toolkit.Command` serves everything that is not in the path of a Machine's start.
enum Spawn {
    private static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// A program by its name alone is looked for on the path that all of them get.
    private static func find(_ name: String) -> String {
        guard !name.contains("/") else { return name }
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 } ?? name
    }

    /// Starts it; the caller waits for it.
    static func start(
        _ command: [String],
        environment: [String: String] = [:],
        _ descriptors: roost_descriptors
    ) throws(Fault) -> pid_t {
        guard let name = command.first else { preconditionFailure("a command has a program") }
        let program = find(name)
        var all = ["PATH": path, "HOME": "/root"]
        all.merge(environment) { $1 }
        var pid: pid_t = 0
        let result = withStrings(command) { arguments in
            withStrings(all.map { "\($0)=\($1)" }) { roost_spawn(&pid, program, arguments, $0, descriptors) }
        }
        guard result == 0 else { throw Durable.fault(result, "start", program) }
        return pid
    }

    /// Runs it to its end and returns its exit code and what it wrote on both outputs, at most 64 KiB.
    ///
    /// Its standard input is at most 64 KiB, too. One that takes longer than the limit is killed, which is a ``Fault``
    /// `timedOut`.
    static func run(
        _ command: [String],
        input: String = "",
        limit: Duration = .seconds(20)
    ) throws(Fault) -> (code: Int32, output: String) {
        var words = try Pipe()
        try words.fill(input)
        var pipe = try Pipe()
        let pid = try start(
            command,
            roost_descriptors(
                input: words.readEnd,
                output: pipe.writeEnd,
                errors: pipe.writeEnd,
                sync: -1,
                terminal: nil
            )
        )
        pipe.closeWriteEnd()
        let outcome = pipe.readAll(limit: limit)
        if outcome == nil { kill(-pid, SIGKILL) }
        let code = wait(pid)
        guard let outcome else {
            throw Fault(.timedOut, "\(command.prefix(4).joined(separator: " ")) took longer than \(limit.seconds) s")
        }
        return (code, outcome)
    }

    /// The child's exit code, or 128 + its signal.
    static func wait(_ pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return roost_exit_code(status)
    }

    // MARK: - Private

    private static func withStrings<Result>(
        _ texts: [String],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = texts.map { strdup($0) }
        pointers.append(nil)
        defer {
            for pointer in pointers { free(pointer) }
        }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("the list ends with a null pointer") }
            return body(base)
        }
    }
}

/// A pipe whose ends no other program that we start inherits.
struct Pipe: ~Copyable {
    private(set) var writeEnd: Int32
    let readEnd: Int32

    init() throws(Fault) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutablePointer(to: &ends) { pointer in
            pointer.withMemoryRebound(to: Int32.self, capacity: 2) { roost_pipe($0) }
        }
        guard result == 0 else { throw Durable.fault(errno, "make", "a pipe") }
        (readEnd, writeEnd) = ends
    }

    deinit {
        close(readEnd)
        if writeEnd >= 0 { close(writeEnd) }
    }

    /// Puts all of a text into it, for a reader that comes later; a pipe holds 64 KiB.
    mutating func fill(_ text: String) throws(Fault) {
        precondition(text.utf8.count <= 64 << 10, "a pipe holds 64 KiB")
        var text = text
        let count = text.withUTF8 { Glibc.write(writeEnd, $0.baseAddress, $0.count) }
        guard count == text.utf8.count else { throw Durable.fault(errno, "write to", "a pipe") }
        closeWriteEnd()
    }

    mutating func closeWriteEnd() {
        close(writeEnd)
        writeEnd = -1
    }

    /// All that comes until the last writer closes; nil when that takes longer than the limit.
    func readAll(limit: Duration) -> String? {
        read(limit: limit) { _ in false }
    }

    /// What comes until a line is whole or the last writer closes; nil when that takes longer than the limit.
    func readLine(limit: Duration) -> String? {
        read(limit: limit) { $0.contains(UInt8(ascii: "\n")) }
    }

    private func read(limit: Duration, until enough: ([UInt8]) -> Bool) -> String? {
        let end = ContinuousClock.now.advanced(by: limit)
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while !enough(bytes) {
            let left = ContinuousClock.now.duration(to: end).milliseconds
            guard left > 0 else { return nil }
            var request = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
            guard poll(&request, 1, Int32(min(left, 60_000))) > 0 else { continue }
            let count = Glibc.read(readEnd, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            if bytes.count < 64 << 10 { bytes.append(contentsOf: piece[..<count]) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
