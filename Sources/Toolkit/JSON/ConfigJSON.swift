package import Model

/// Reads JSON into the same tree as TOML, each value with its place.
///
/// > Source: RFC 8259, strictly: no comments, no comma at the end, no key twice.
package enum ConfigJSON {
    /// The largest file that is read, in bytes.
    package static let maximumBytes = 1 << 20

    /// How deep objects and arrays may stand in each other.
    package static let maximumDepth = 64

    /// Parses a whole file.
    ///
    /// Null is left out of objects and is an empty string in arrays, as in YAML. A number without a fraction and an
    /// exponent is an integer of 64 bits, any other one a float.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8; a byte-order mark at the start is skipped.
    ///   - file: the file's name for messages.
    ///   - limit: in bytes; lock files are larger than what people write.
    /// - Returns: the value at the top.
    /// - Throws: ``Fault`` such as `fly.json:3:7: expected ":" after the key, found "1"`.
    package static func parse(
        _ bytes: [UInt8],
        file: String,
        limit: Int = maximumBytes
    ) throws(Fault) -> ConfigNode {
        guard bytes.count <= limit else {
            throw Fault(.tooLarge, "\(file): expected at most \(limit) bytes, found \(bytes.count)")
        }
        let scanner = TOMLScanner(bytes: bytes, file: file)
        try scanner.refuseBrokenText()
        var parser = ConfigJSONParser(scanner: scanner)
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
