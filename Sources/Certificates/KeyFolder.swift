import Foundation
package import Model
import Toolkit

/// Private keys: a file each, for root alone.
package struct KeyFolder: Sendable {
    private let folder: String

    package init(folder: String) { self.folder = folder }

    /// Keeps a key for good before it returns, and says its name; the same key twice is one file.
    ///
    /// With a name of its own it replaces the one of that name.
    @discardableResult
    package func save(_ pem: String, as name: String? = nil) throws(Fault) -> String {
        let name = name ?? String(Digest.hex(Data(pem.utf8)).prefix(40))
        try Durable.makeFolder(folder, mode: 0o700)
        try Durable.write(Data(pem.utf8), to: try path(name), mode: 0o600)
        return name
    }

    /// - Throws: ``Fault`` `io` when there is none of that name.
    package func load(_ name: String) throws(Fault) -> String {
        let path = try path(name)
        guard let data = FileManager.default.contents(atPath: path) else { throw Durable.fault(ENOENT, "read", path) }
        return String(decoding: data, as: UTF8.self)
    }

    /// As `load`; nil when there is none.
    package func find(_ name: String) throws(Fault) -> String? {
        access(try path(name), F_OK) == 0 ? try load(name) : nil
    }

    package func remove(_ name: String) throws(Fault) {
        let path = try path(name)
        guard unlink(path) == 0 || errno == ENOENT else { throw Durable.fault(errno, "remove", path) }
    }

    /// Names come from records: one that leads out of the folder is none.
    private func path(_ name: String) throws(Fault) -> String {
        let allowed = name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (97...122).contains(byte) || byte == 45
        }
        guard allowed, (1...64).contains(name.utf8.count) else {
            throw Fault(.corrupt, "\"\(name)\" is no name of a key")
        }
        return "\(folder)/\(name).pem"
    }
}
