import Client
import Foundation
import Model

/// Programs in a Machine whose pipes carry files; what they say on their errors comes back as text.
struct RemoteFiles {
    let client: RoostClient
    /// Of the API, that opens a console in the Machine.
    let path: String
    var user: String?

    /// What a program has left.
    struct Ended {
        var code: Int32
        var errors: String
    }

    /// Runs a program whose output goes to `output`, piece by piece.
    func read(_ command: [String], _ output: (ArraySlice<UInt8>) throws -> Void) async throws -> Ended {
        let (frames, send) = AsyncStream.makeStream(of: SessionFrame.self)
        send.yield(.endOfInput)
        defer { send.finish() }
        return try await run(command, frames, output)
    }

    /// Runs a program whose input comes from `descriptor`, as fast as the other end takes it.
    func write(_ command: [String], from descriptor: Int32) async throws -> Ended {
        let (frames, send) = AsyncStream.makeStream(of: SessionFrame.self)
        let room = Room.make()
        DispatchQueue(label: "roost.files").async {
            var piece = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = Foundation.read(descriptor, &piece, piece.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                room.wait()
                send.yield(.input(Array(piece[..<count])))
            }
            send.yield(.endOfInput)
        }
        defer { send.finish() }
        let taken = frames.map { frame in
            if case .input = frame { room.signal() }
            return frame
        }
        return try await run(command, taken) { _ in }
    }

    // MARK: - Private

    private func run(
        _ command: [String],
        _ frames: some AsyncSequence<SessionFrame, Never> & Sendable,
        _ output: (ArraySlice<UInt8>) throws -> Void
    ) async throws -> Ended {
        var order = SessionOrder(command: command, user: user)
        order.person = Person.current
        var errors: [UInt8] = []
        let code = try await client.session(path, order, frames: frames) { frame in
            switch frame {
            case .output(let bytes): try output(bytes[...])
            case .errors(let bytes): errors += bytes.prefix(max(0, 4096 - errors.count))
            default: break
            }
        }
        let text = String(decoding: errors, as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: "; ")
        return Ended(code: code, errors: Output.harmless(text))
    }
}
