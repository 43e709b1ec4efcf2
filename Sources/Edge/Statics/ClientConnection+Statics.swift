import Model
import NIOCore
import NIOPosix

/// A file on its way to a client.
final class StaticTransfer {
    let file: StaticFile
    /// What is still to be sent.
    var rest: Range<Int>
    var isReading = false

    init(_ file: StaticFile, _ range: Range<Int>) {
        self.file = file
        rest = range
    }
}

/// Answers with files of an app's image: as if the app had sent them, but for that no Machine is asked.
extension ClientConnection {
    /// Looks whether a file answers the request; false when it is the app's in any case.
    func lookForFile(_ head: RequestHead) -> Bool {
        guard let root = loop.shared.configuration.statics, let entry, let shelves = entry.route.statics,
            entry.route.traffic == nil, head.framing == .none, head.upgrade == nil,
            ["GET", "HEAD"].contains(head.method)
        else { return false }
        let candidates = StaticPath.candidates(head.fields.bytes[head.target], shelves)
        guard !candidates.isEmpty else { return false }
        routed = entry
        let mine = attempt
        NIOThreadPool.singleton.runIfActive(eventLoop: loop.eventLoop) {
            StaticFile.open(candidates, below: root)
        }.assumeIsolated().whenComplete { [self] result in
            guard mine == attempt, case .exchanging = phase else { return }
            if case .success(let file?) = result {
                answer(with: file, to: head)
            } else {
                recall(head)
                route()
            }
            advance()
        }
        return true
    }

    /// Sends the next piece once the client takes it.
    func pumpFile() {
        guard let transfer, let context, !transfer.isReading, takesAnswer else { return }
        guard !transfer.rest.isEmpty else {
            self.transfer = nil
            return answerEnded(nil)
        }
        transfer.isReading = true
        let piece = transfer.rest.prefix(Self.pieceBytes)
        let range = piece.lowerBound..<piece.upperBound
        let (file, allocator) = (transfer.file, context.channel.allocator)
        NIOThreadPool.singleton.runIfActive(eventLoop: loop.eventLoop) {
            file.read(range, allocator)
        }.assumeIsolated().whenComplete { [self] result in
            guard self.transfer === transfer else { return }
            transfer.isReading = false
            // The length is said: a file that ends before it can only be cut off.
            guard case .success(let bytes?) = result else { return abort() }
            transfer.rest = (range.lowerBound + bytes.readableBytes)..<transfer.rest.upperBound
            answer(bytes)
            flush()
            pumpFile()
        }
    }

    // MARK: - Private

    private static let pieceBytes = 128 * 1024

    private func answer(with file: StaticFile, to head: RequestHead) {
        let answer = StaticAnswer(file.facts, to: head)
        guard let response = try? ResponseHead(Array(answer.head.utf8), isHead: head.method == "HEAD") else {
            return respond(Page(500))
        }
        presence = Presence()
        guard case .body = answered(response) else { return }
        transfer = StaticTransfer(file, head.method == "HEAD" ? 0..<0 : answer.range)
        pumpFile()
    }
}
