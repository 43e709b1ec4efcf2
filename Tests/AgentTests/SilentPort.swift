import Foundation

/// A port of this host that takes connections and never says a word, as gunicorn's does before a worker is up.
final class SilentPort: Sendable {
    let number: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { plain in
                // Nobody accepts: the kernel completes each connection by itself.
                bind(descriptor, plain, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, plain, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRINUSE) }
        number = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Whoever waits for an answer is cut off.
    func close() { _ = Foundation.close(descriptor) }
}
