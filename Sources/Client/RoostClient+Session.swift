import AsyncHTTPClient
import Foundation
package import Model
import NIOCore
import NIOHTTP1
import Toolkit

extension RoostClient {
    /// Talks to a program inside a Machine, or without an order to a port of it: frames go there and come back until it has ended.
    ///
    /// `frames` is what to send after the order; it is asked for one by one, as fast as the other end takes them. `body` is
    /// given each frame that comes, and the answer is the program's exit code. What is thrown is the server's ``Fault``, or
    /// `unreachable` when the connection is lost.
    package func session(
        _ path: String,
        _ order: SessionOrder?,
        frames: some AsyncSequence<SessionFrame, Never> & Sendable,
        _ body: (SessionFrame) async throws -> Void
    ) async throws -> Int32 {
        let first = try order.map { SessionFrame.open(Array(try JSON.encode($0))) }
        let pieces = SessionPieces(first: first, frames: frames)
        var client = self
        // The server closes a connection whose request had not ended when the answer did: it is for one session.
        client.headers["Connection"] = "close"
        let stream = HTTPClientRequest.Body.stream(pieces, length: .unknown)
        let response = try await client.execute(.POST, path, stream, deadline: .distantFuture)
        var reader = SessionFrameReader()
        do {
            for try await piece in response.body {
                for frame in try reader.feed(piece.readableBytesView) {
                    switch frame {
                    case .exit(let code): return code
                    case .failure(let bytes):
                        throw try JSON.decode(ErrorBody.self, from: Data(bytes), what: "the fault").fault
                    default: try await body(frame)
                    }
                }
            }
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Self.lost("\(error)")
        }
        throw Self.lost("it ended before the program did")
    }

    private static func lost(_ cause: String) -> Fault {
        Fault(
            .unreachable,
            "the connection to roostd was lost: \(cause); what ran in the Machine is ended",
            hint: "is roostd running? (roost doctor) Then connect again"
        )
    }
}

/// The body of a session's request: an order, then frames.
private struct SessionPieces<Frames: AsyncSequence<SessionFrame, Never> & Sendable>: AsyncSequence, Sendable {
    let first: SessionFrame?
    let frames: Frames

    struct Iterator: AsyncIteratorProtocol {
        var first: SessionFrame?
        var frames: Frames.AsyncIterator

        mutating func next() async -> ByteBuffer? {
            if let frame = first {
                first = nil
                return ByteBuffer(bytes: frame.bytes)
            }
            return await frames.next(isolation: nil).map { ByteBuffer(bytes: $0.bytes) }
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(first: first, frames: frames.makeAsyncIterator()) }
}
