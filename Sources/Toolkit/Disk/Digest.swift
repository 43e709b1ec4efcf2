import Crypto
package import Foundation
package import Model

/// SHA-256 in the form that OCI and our manifests use.
package enum Digest {
    /// 64 lower-case hex digits.
    package static func hex(_ data: Data) -> String {
        hex(SHA256.hash(data: data))
    }

    /// 64 lower-case hex digits of a file's content, read in pieces of 1 MiB.
    package static func hex(file path: String) throws(Fault) -> String {
        guard let file = FileHandle(forReadingAtPath: path) else { throw Durable.fault(errno, "open", path) }
        defer { try? file.close() }
        var hash = SHA256()
        do {
            while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
        } catch {
            throw Durable.fault(errno, "read", path)
        }
        return hex(hash.finalize())
    }

    /// The same, asking between the pieces whether it is still wanted.
    package static func hex(file path: String, check: () throws -> Void) throws -> String {
        guard let file = FileHandle(forReadingAtPath: path) else { throw Durable.fault(errno, "open", path) }
        defer { try? file.close() }
        var hash = SHA256()
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
            try check()
            hash.update(data: piece)
        }
        return hex(hash.finalize())
    }

    private static func hex(_ digest: SHA256.Digest) -> String {
        digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
