extension TarReader {
    /// What the headers before a member say of it.
    struct Extra {
        var path: [UInt8]?
        var target: [UInt8]?
        var size: Int64?
        var user: Int64?
        var group: Int64?
        var changed: Int64?
        var attributes: [String: [UInt8]] = [:]

        /// Takes in a `pax` header: records of the form `<length> <key>=<value>\n`.
        ///
        /// - Returns: false when it is damaged, or tells of what we can't unpack.
        mutating func read(pax bytes: [UInt8]) -> Bool {
            var rest = bytes[...]
            while !rest.isEmpty {
                guard let blank = rest.firstIndex(of: UInt8(ascii: " ")),
                    let length = Int(String(decoding: rest[rest.startIndex..<blank], as: UTF8.self)),
                    length > blank - rest.startIndex + 1, length <= rest.count
                else { return false }
                let record = rest[blank + 1..<rest.startIndex + length]
                rest = rest.dropFirst(length)
                guard record.last == UInt8(ascii: "\n"), let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
                    return false
                }
                let key = String(decoding: record[..<equals], as: UTF8.self)
                guard set(key, Array(record[(equals + 1)...].dropLast())) else { return false }
            }
            return true
        }

        private mutating func set(_ key: String, _ value: [UInt8]) -> Bool {
            let text = String(decoding: value, as: UTF8.self)
            switch key {
            case "path": path = value
            case "linkpath": target = value
            case "size": return !text.hasPrefix("-") && Self.put(Int64(text), into: &size)
            case "uid": return Self.put(Int64(text), into: &user)
            case "gid": return Self.put(Int64(text), into: &group)
            case "mtime":
                // With a fraction; before 1970 it is negative.
                return Self.put(text.split(separator: ".").first.flatMap { Int64($0) }, into: &changed)
            default:
                let prefix = "SCHILY.xattr."
                if key.hasPrefix(prefix) { attributes[String(key.dropFirst(prefix.count))] = value }
                // Sparse files would be written with the wrong content.
                return !key.hasPrefix("GNU.sparse.")
            }
            return true
        }

        private static func put(_ value: Int64?, into place: inout Int64?) -> Bool {
            guard let value, value <= 1 << 50 else { return false }
            place = value
            return true
        }
    }
}
