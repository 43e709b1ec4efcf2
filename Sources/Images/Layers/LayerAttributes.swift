import CLinux
import Glibc
import Model
import Toolkit

/// The extended attributes that a layer carries.
///
/// File capabilities and `user.*`. Never `trusted.overlay.*` out of an archive: with those a layer could have the
/// kernel show files of another one.
enum LayerAttributes {
    /// Marks a folder that hides the one of the same name in the layers below.
    static let opaque = "trusted.overlay.opaque"

    static func isCarried(_ name: String) -> Bool { name == "security.capability" || name.hasPrefix("user.") }

    /// Those that a layer carries, with their values.
    static func read(_ path: String) throws(Fault) -> [String: [UInt8]] {
        var attributes: [String: [UInt8]] = [:]
        for name in try names(of: path) where isCarried(name) { attributes[name] = try read(name, of: path) }
        return attributes
    }

    /// The names of all that a file has.
    static func names(of path: String) throws(Fault) -> [String] {
        let size = roost_list_attributes(path, nil, 0)
        guard size > 0 else { return [] }
        var names = [CChar](repeating: 0, count: size)
        let count = roost_list_attributes(path, &names, names.count)
        guard count >= 0 else { throw Durable.fault(errno, "read the attributes of", path) }
        return names[..<count].split(separator: 0).map { bytes in
            String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    static func isOpaque(_ folder: String) -> Bool {
        var value: UInt8 = 0
        return roost_get_attribute(folder, opaque, &value, 1) == 1 && value == UInt8(ascii: "y")
    }

    static func set(_ name: String, _ value: [UInt8], of path: String) throws(Fault) {
        guard roost_set_attribute(path, name, value, value.count) == 0 else {
            throw Durable.fault(errno, "set \(name) of", path)
        }
    }

    // MARK: - Private

    private static func read(_ name: String, of path: String) throws(Fault) -> [UInt8] {
        let size = roost_get_attribute(path, name, nil, 0)
        guard size >= 0 else { throw Durable.fault(errno, "read \(name) of", path) }
        var value = [UInt8](repeating: 0, count: size)
        let count = roost_get_attribute(path, name, &value, value.count)
        guard count >= 0 else { throw Durable.fault(errno, "read \(name) of", path) }
        return Array(value[..<count])
    }
}
