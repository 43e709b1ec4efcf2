import Model
import Synchronization

/// Which of the build steps' addresses are in use.
final class BuildSlots: Sendable {
    private let used = Mutex<Set<Int>>([])

    /// - Throws: ``Fault`` `hostUnfit` when all are in use.
    func take() throws(Fault) -> Int {
        let slot = used.withLock { used -> Int? in
            let free = (0..<AddressPlan.buildCapacity).first { !used.contains($0) }
            if let free { used.insert(free) }
            return free
        }
        guard let slot else {
            throw Fault(.hostUnfit, "\(AddressPlan.buildCapacity) build steps run already", hint: "try again later")
        }
        return slot
    }

    func give(back slot: Int) { used.withLock { _ = $0.remove(slot) } }
}
