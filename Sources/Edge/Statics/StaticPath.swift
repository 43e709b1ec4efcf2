package import Model

/// What file a request may mean.
package enum StaticPath {
    /// Paths below the folder of all images' files, to be tried in this order; none when the request is for the app alone.
    ///
    /// `target` is the request's, with its query. What has two readings (`..`, `//`, an escaped slash) is the app's, as is a
    /// folder.
    package static func candidates(_ target: some Collection<UInt8>, _ shelves: [StaticShelf]) -> [String] {
        guard let path = plain(target) else { return [] }
        return shelves.flatMap { shelf -> [String] in
            guard path.hasPrefix("\(shelf.prefix)/") else { return [] }
            let rest = path.dropFirst(shelf.prefix.count)
            return shelf.folders.map { $0 + rest }
        }
    }

    /// Whether a name says that the file never changes: tools put a digest of the content into it.
    package static func isVersioned(_ name: Substring) -> Bool {
        name.split(whereSeparator: { $0 == "." || $0 == "-" }).dropFirst().contains { part in
            part.utf8.count >= 8 && part.utf8.allSatisfy(isHexDigit)
                && part.contains(where: \.isNumber) && part.contains(where: \.isLetter)
        }
    }

    // MARK: - Private

    private static func plain(_ target: some Collection<UInt8>) -> String? {
        let bytes = target.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        guard bytes.first == UInt8(ascii: "/") else { return nil }
        var path: [UInt8] = []
        path.reserveCapacity(bytes.count)
        for part in bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let name = PercentCode.strictlyDecoded(part), !name.isEmpty, name != [46], name != [46, 46],
                !name.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") })
            else { return nil }
            path.append(UInt8(ascii: "/"))
            path += name
        }
        return String(validating: path, as: UTF8.self)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f")
    }
}
