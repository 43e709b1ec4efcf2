/// Finds bytes in text; Swift's own search compares characters and is much slower over megabytes.
enum TextSearch {
    static func contains(_ text: String, _ part: String) -> Bool { first(text, part, from: 0) != nil }

    /// The places in UTF-8 at which a part begins.
    static func all(_ text: String, _ part: String, limit: Int = 1_000) -> [Int] {
        var found: [Int] = []
        var next = 0
        while found.count < limit, let place = first(text, part, from: next) {
            found.append(place)
            next = place + max(1, part.utf8.count)
        }
        return found
    }

    /// The place at which a part begins, looked for from a place on; nil when there is none, or the part is empty.
    static func first(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ wanted: UnsafeBufferPointer<UInt8>,
        from start: Int
    ) -> Int? {
        guard let head = wanted.first, bytes.count >= wanted.count, start <= bytes.count - wanted.count else {
            return nil
        }
        for place in start...(bytes.count - wanted.count) where bytes[place] == head {
            var length = 1
            while length < wanted.count, bytes[place + length] == wanted[length] { length += 1 }
            if length == wanted.count { return place }
        }
        return nil
    }

    // MARK: - Private

    private static func first(_ text: String, _ part: String, from start: Int) -> Int? {
        var text = text
        var part = part
        return text.withUTF8 { bytes -> Int? in
            part.withUTF8 { wanted -> Int? in first(bytes, wanted, from: start) }
        }
    }
}

extension StringProtocol {
    /// Whether some text holds another, byte for byte.
    ///
    /// It stands in for the search of the standard library, which compares characters and took a fifth of an audit.
    func contains(_ part: String) -> Bool {
        var part = part
        return part.withUTF8 { wanted in
            if wanted.isEmpty { return true }
            let known = utf8.withContiguousStorageIfAvailable { TextSearch.first($0, wanted, from: 0) != nil }
            return known ?? TextSearch.contains(String(self), String(decoding: wanted, as: UTF8.self))
        }
    }
}
