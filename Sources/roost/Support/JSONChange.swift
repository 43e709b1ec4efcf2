import Model

/// What differs between two configurations, a line a place.
enum JSONChange {
    static func lines(_ old: JSONValue, _ new: JSONValue, at path: String = "") -> [String] {
        if old == new { return [] }
        guard let left = old.object, let right = new.object else {
            return ["  - \(path): \(old.text)", "  + \(path): \(new.text)"].filter { !$0.hasSuffix(": null") }
        }
        return Set(left.keys).union(right.keys).sorted().flatMap { key in
            lines(left[key] ?? .null, right[key] ?? .null, at: path.isEmpty ? key : "\(path).\(key)")
        }
    }
}
