/// Reads members of a JSON object by kind, with their path in every error; null is as good as absent.
struct WireReader {
    let members: [String: JSONValue]
    /// `config.services[0]`.
    let path: String

    /// - Throws: ``Fault`` `invalidRequest` when it is no object.
    init(_ value: JSONValue, _ path: String) throws(Fault) {
        guard case .object(let members) = value else { throw Self.wrong(path, "an object", value) }
        self.members = members
        self.path = path
    }

    static func wrong(_ path: String, _ expected: String, _ found: JSONValue) -> Fault {
        Fault(.invalidRequest, "\(path): expected \(expected), found \(found.kind)")
    }

    func fault(_ name: String, _ text: String, hint: String? = nil) -> Fault {
        Fault(.invalidRequest, "\(path).\(name): \(text)", hint: hint)
    }

    subscript(_ name: String) -> JSONValue? {
        guard let value = members[name], value != .null else { return nil }
        return value
    }

    func string(_ name: String) throws(Fault) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw Self.wrong("\(path).\(name)", "a string", value) }
        return text
    }

    func bool(_ name: String) throws(Fault) -> Bool? {
        guard let value = self[name] else { return nil }
        guard let flag = value.bool else { throw Self.wrong("\(path).\(name)", "a boolean", value) }
        return flag
    }

    func int(_ name: String, in range: ClosedRange<Int64> = Int64(Int32.min)...Int64(Int32.max)) throws(Fault) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.int else { throw Self.wrong("\(path).\(name)", "a whole number", value) }
        guard range.contains(number) else {
            throw fault(name, "expected \(range.lowerBound) to \(range.upperBound), found \(number)")
        }
        return Int(number)
    }

    func strings(_ name: String) throws(Fault) -> [String]? {
        guard let value = self[name] else { return nil }
        guard let items = value.array else { throw Self.wrong("\(path).\(name)", "an array of strings", value) }
        var texts: [String] = []
        for (index, item) in items.enumerated() {
            guard let text = item.string else { throw Self.wrong("\(path).\(name)[\(index)]", "a string", item) }
            texts.append(text)
        }
        return texts
    }

    func stringMap(_ name: String) throws(Fault) -> [String: String]? {
        guard let value = self[name] else { return nil }
        guard let members = value.object else { throw Self.wrong("\(path).\(name)", "an object of strings", value) }
        var texts: [String: String] = [:]
        for (key, item) in members {
            guard let text = item.string else { throw Self.wrong("\(path).\(name).\(key)", "a string", item) }
            texts[key] = text
        }
        return texts
    }

    func object(_ name: String) throws(Fault) -> WireReader? {
        guard let value = self[name] else { return nil }
        return try WireReader(value, "\(path).\(name)")
    }

    func objects(_ name: String) throws(Fault) -> [WireReader] {
        guard let value = self[name] else { return [] }
        guard let items = value.array else { throw Self.wrong("\(path).\(name)", "an array of objects", value) }
        var readers: [WireReader] = []
        for (index, item) in items.enumerated() { readers.append(try WireReader(item, "\(path).\(name)[\(index)]")) }
        return readers
    }

    func objectMap(_ name: String) throws(Fault) -> [String: WireReader] {
        guard let value = self[name] else { return [:] }
        guard let members = value.object else { throw Self.wrong("\(path).\(name)", "an object of objects", value) }
        var readers: [String: WireReader] = [:]
        for (key, item) in members { readers[key] = try WireReader(item, "\(path).\(name).\(key)") }
        return readers
    }

    /// A Go duration, or a number of nanoseconds.
    func duration(_ name: String) throws(Fault) -> GoDuration? {
        guard let value = self[name] else { return nil }
        if let nanoseconds = value.int {
            guard nanoseconds >= 0 else { throw fault(name, "expected a duration, found \(nanoseconds)") }
            return GoDuration(.nanoseconds(nanoseconds))
        }
        guard let text = value.string else { throw Self.wrong("\(path).\(name)", "a duration", value) }
        guard let parsed = GoDuration.parse(text), parsed >= .zero else {
            throw fault(name, "expected a duration such as 15s or 1m30s, found \(ConfigNode.quoted(text))")
        }
        return GoDuration(parsed)
    }
}
