import CLinux
import Foundation
import Glibc
import Model
import Toolkit

/// Starts conmon, which has the OCI runtime create the sandbox and then keeps its output and exit code.
struct Monitor {
    var program: String
    var runtime: String
    /// The OCI runtime's `--root`.
    var runtimeRoot: String
    /// Where conmon puts a short link to the bundle: a unix socket's path has at most 107 bytes.
    var sockets: String
    var folders: MachineFolders
    /// Bytes; conmon starts the log anew beyond it, whatever becomes of our own rotation.
    var logLimit: Int

    struct Started {
        /// The sandbox's first process, waiting for `start`.
        var pid: Int32
        var monitor: Int32
    }

    /// Creates the sandbox; its process waits for the runtime's `start`.
    ///
    /// - Throws: ``Fault`` `toolFailed` with the runtime's words, `timedOut` after ten seconds.
    func create(_ id: Machine.ID) throws(Fault) -> Started {
        let errors = open(folders.errors, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard errors >= 0 else { throw Durable.fault(errno, "create", folders.errors) }
        defer { close(errors) }
        var pipe = try Pipe()
        let parent = try Spawn.start(
            command(id),
            environment: ["_OCI_SYNCPIPE": "3"],
            roost_descriptors(input: -1, output: errors, errors: errors, sync: pipe.writeEnd, terminal: nil)
        )
        pipe.closeWriteEnd()
        let answer = pipe.readLine(limit: .seconds(10))
        // It forks the real monitor and ends at once; only without an answer it may hang.
        if answer == nil { kill(-parent, SIGKILL) }
        let code = Spawn.wait(parent)
        guard let answer else {
            throw Fault(.timedOut, "\(runtime) did not create the sandbox of Machine \(id) within 10 s")
        }
        return try started(answer, code: code)
    }

    // MARK: - Private

    private func command(_ id: Machine.ID) -> [String] {
        [
            program, "--api-version", "1", "-c", id.text, "-u", id.text, "-n", id.text, "-r", runtime,
            "--runtime-arg", "--root=\(runtimeRoot)", "-b", folders.run, "-p", folders.pidFile,
            "-P", folders.monitorPIDFile, "-l", "k8s-file:\(folders.log)", "--log-size-max", "\(logLimit)",
            "--persist-dir", folders.run, "--socket-dir-path", sockets, "--no-sync-log",
        ]
    }

    /// Reads conmon's answer: `{"data": <pid>}`, or a negative number and a message.
    private func started(_ line: String, code: Int32) throws(Fault) -> Started {
        struct Answer: Decodable {
            var data: Int32
            var message: String?
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(line.utf8)) else {
            let words = KernelFile.read(folders.errors) ?? ""
            throw Fault(.toolFailed, "conmon ended with \(code) \(RuntimeWords.noSandbox)\(words)\(line)")
        }
        guard answer.data > 0 else { throw RuntimeWords.fault(answer.message ?? "exit code \(-answer.data)") }
        guard let text = KernelFile.read(folders.monitorPIDFile),
            let monitor = Int32(text.trimmingCharacters(in: .newlines))
        else { throw Fault(.toolFailed, "conmon wrote no process number to \(folders.monitorPIDFile)") }
        return Started(pid: answer.data, monitor: monitor)
    }
}
