import Crypto
package import Foundation
import Glibc
import Model
import Synchronization
import Toolkit

/// One content on its way into the store: written beside it, and taken in only when hash and size are right.
package final class IncomingSource: Sendable {
    private let sha256: String
    private let size: Int64
    private let temporary: String
    private let keep: @Sendable (String) throws(Fault) -> Void
    private let state: Mutex<State>

    init(
        sha256: String,
        size: Int64,
        temporary: String,
        keep: @escaping @Sendable (String) throws(Fault) -> Void
    ) {
        self.sha256 = sha256
        self.size = size
        self.temporary = temporary
        self.keep = keep
        state = Mutex(State())
    }

    deinit {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            close(state.descriptor)
            unlink(temporary)
        }
    }

    /// Adds the next piece.
    package func append(_ data: Data) async throws {
        try await Blocking.run { [self] in try state.withLock { try write(data, &$0) } }
    }

    /// Takes it in.
    ///
    /// - Throws: ``Fault`` `invalidRequest` when the content is another one than announced.
    package func finish() async throws {
        try await Blocking.run { [self] in
            let digest = try state.withLock { state in
                if state.descriptor < 0 { try write(Data(), &state) }
                return Hex.text(state.hash.finalize())
            }
            let count = state.withLock { $0.count }
            guard digest == sha256, count == size else {
                throw Fault(
                    .invalidRequest,
                    "the content sent as \(sha256) has \(count) bytes and the SHA-256 \(digest)",
                    hint: "a file changed during the deploy? deploy again"
                )
            }
            try keep(temporary)
        }
    }

    // MARK: - Private

    private struct State {
        var descriptor: Int32 = -1
        var hash = SHA256()
        var count: Int64 = 0
    }

    private func write(_ data: Data, _ state: inout State) throws(Fault) {
        if state.descriptor < 0 {
            state.descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard state.descriptor >= 0 else { throw Durable.fault(errno, "make", temporary) }
        }
        state.count += Int64(data.count)
        guard state.count <= size else {
            throw Fault(.invalidRequest, "the content sent as \(sha256) has more than \(size) bytes")
        }
        state.hash.update(data: data)
        var offset = 0
        while offset < data.count {
            let count = data.withUnsafeBytes { bytes in
                Glibc.write(state.descriptor, bytes.baseAddress?.advanced(by: offset), bytes.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Durable.fault(errno, "write", temporary) }
            offset += count
        }
    }
}
