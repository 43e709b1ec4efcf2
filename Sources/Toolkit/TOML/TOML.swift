package import Model

/// Reads TOML 1.0 into a tree that knows where each value stands.
///
/// > Source: TOML 1.0.0, 11 January 2021, <https://toml.io/en/v1.0.0>.
package enum TOML {
    /// The largest file that is read, in bytes.
    package static let maximumBytes = 1 << 20

    /// How deep tables and arrays may stand in each other.
    package static let maximumDepth = 64

    /// Parses a whole file.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8; a byte-order mark at the start is skipped, lines end in LF or CR LF.
    ///   - file: the file's name for messages.
    ///   - limit: in bytes; lock files are larger than what people write.
    /// - Returns: the root table.
    /// - Throws: ``Fault`` such as `fly.toml:12:7: expected "=" after the key, found the end of the line`.
    package static func parse(
        _ bytes: [UInt8],
        file: String,
        limit: Int = maximumBytes
    ) throws(Fault) -> ConfigNode {
        guard bytes.count <= limit else {
            throw Fault(.tooLarge, "\(file): expected at most \(limit) bytes, found \(bytes.count)")
        }
        let scanner = TOMLScanner(bytes: bytes, file: file)
        try scanner.refuseHostileBytes()
        var parser = TOMLParser(scanner: scanner)
        return try parser.parse()
    }

    /// Parses text, for what is in memory already.
    package static func parse(
        _ text: String,
        file: String,
        limit: Int = maximumBytes
    ) throws(Fault) -> ConfigNode {
        try parse(Array(text.utf8), file: file, limit: limit)
    }
}
