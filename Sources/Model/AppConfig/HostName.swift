/// Host names that the edge can route.
package enum HostName {
    /// Two or more labels of letters, digits and inner dashes; no wildcard, no address, no dot at the end.
    ///
    /// > Source: RFC 1123 section 2.1 and RFC 1035 section 2.3.4.
    package static func isValid(_ name: String) -> Bool {
        guard name.utf8.count <= 253 else { return false }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, labels.allSatisfy(isLabel) else { return false }
        // A last label of digits alone is how an IPv4 address ends, and no top-level domain is one.
        return labels.last?.utf8.allSatisfy { (48...57).contains($0) } == false
    }

    // MARK: - Private

    private static func isLabel(_ label: Substring) -> Bool {
        let allowed = label.utf8.allSatisfy { byte in
            (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == 45
        }
        return allowed && (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
    }
}
