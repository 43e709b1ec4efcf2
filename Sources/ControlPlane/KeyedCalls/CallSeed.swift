import Foundation
import Model
import Toolkit

/// What names are drawn from while a call with a key is carried out: the same ones when it is carried out again.
struct CallSeed: Sendable {
    let text: String
    /// An earlier try may have come far before its daemon ended; what it has made is there already.
    let isAgain: Bool

    /// Of the request that is being answered; nil where it came without a key.
    @TaskLocal static var current: CallSeed?

    var machine: Machine.ID {
        guard let id = Machine.ID(String(digest("machine").prefix(14))) else { preconditionFailure("a digest is hex") }
        return id
    }

    /// Twelve hex digits.
    var token: String { String(digest("token").prefix(12)) }

    /// In time's order, as all IDs of roll-outs.
    var rollout: String { text }

    var volume: String { Volume.id(from: Array(digest("volume").utf8)) }

    private func digest(_ kind: String) -> String { Digest.hex(Data("\(kind)/\(text)".utf8)) }
}
