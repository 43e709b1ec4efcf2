/// A host and its port, as `Host` and absolute targets have them.
enum Authority {
    /// Whether the bytes are a name, an IPv4 address or an IPv6 one in brackets, and a port of digits only.
    ///
    /// Of names only letters, digits and `-._~` are taken; what else RFC 3986 allows, no name has. Both parts may be
    /// empty.
    ///
    /// > Source: RFC 3986, section 3.2.
    static func isValid(_ bytes: ArraySlice<UInt8>) -> Bool {
        if bytes.first == 91 {
            guard let end = bytes.firstIndex(of: 93) else { return false }
            let address = bytes[bytes.index(after: bytes.startIndex)..<end]
            return address.allSatisfy { isName($0) || $0 == 58 } && isPort(bytes[(end + 1)...])
        }
        guard let colon = bytes.firstIndex(of: 58) else { return bytes.allSatisfy(isName) }
        return bytes[..<colon].allSatisfy(isName) && isPort(bytes[colon...])
    }

    // MARK: - Private

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, 45, 46, 95, 126: true
        default: false
        }
    }

    /// Nothing, or a colon and digits.
    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.isEmpty || bytes.first == 58 && bytes.dropFirst().allSatisfy { (48...57).contains($0) }
    }
}
