import Foundation
import Model
import NIOPosix
import Synchronization
import Toolkit

/// Writes a line of JSON for each request, or for some of them.
///
/// Lines gather in memory and go to the file a few times a second, by a thread of their own; a disk that does not keep
/// up costs lines, never requests. The file is opened anew each time, so whoever moves it away gets a new one.
final class AccessLog: Sendable {
    /// Requests that were answered while the disk did not keep up.
    var lost: Int { state.withLock { $0.lost } }

    init(_ settings: EdgeServer.Configuration.AccessLog) {
        self.settings = settings
    }

    /// Whether this request is one of those that are told.
    func wantsNext() -> Bool {
        settings.share >= 1 || Double.random(in: 0..<1) < settings.share
    }

    func add(_ entry: AccessEntry) {
        let line = entry.line
        state.withLock { state in
            if state.lines.utf8.count + line.utf8.count > Self.most { state.lost += 1 } else { state.lines += line }
        }
    }

    /// Writes what gathers until cancelled, and then the rest; `failed` is told of a disk that does not take it, once.
    func run(failed: @escaping @Sendable (Fault) -> Void) async {
        var isFailing = false
        while true {
            let isLast = Task.isCancelled
            do {
                try await NIOThreadPool.singleton.runIfActive { try self.write() }
                isFailing = false
            } catch {
                if !isFailing { failed((error as? Fault) ?? Fault(.io, "\(settings.path): \(error)")) }
                isFailing = true
            }
            if isLast { return }
            try? await Task.sleep(for: Self.interval)
        }
    }

    // MARK: - Private

    private static let interval = Duration.milliseconds(500)
    /// Bytes that wait for the disk.
    private static let most = 8 << 20

    private struct State {
        var lines = ""
        var lost = 0
    }

    private let settings: EdgeServer.Configuration.AccessLog
    private let state = Mutex(State())

    private func write() throws(Fault) {
        let lines = state.withLock { state in
            defer { state.lines = "" }
            return state.lines
        }
        guard !lines.isEmpty else { return }
        let descriptor = open(settings.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw Durable.fault(errno, "write", settings.path) }
        defer { close(descriptor) }
        var rest = Array(lines.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Durable.fault(errno, "write", settings.path) }
            rest = rest.dropFirst(count)
        }
    }
}
