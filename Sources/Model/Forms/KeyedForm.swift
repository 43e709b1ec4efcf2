/// A value that is stored or sent: it says itself which keys it has, each once, for reading and writing alike.
///
/// An absent key means what ``blank`` has there, `null` the same; an unknown key is passed over, and kept by whoever
/// writes back another's record (``Leftovers``). So a field may be added without a word to older files: a stored
/// property with a default, and a line in `fields`.
package protocol KeyedForm: Codable {
    /// What an object without any key means, but for those that it needs.
    static var blank: Self { get }

    /// The version of a record's shape; it grows only when older versions of Roost must keep their hands off.
    ///
    /// Nil for what is no record of its own. A record without one has the first shape.
    static var schema: Int? { get }

    /// Names the fields, each once.
    mutating func fields(_ form: inout Form) throws
}

extension KeyedForm {
    package static var schema: Int? { nil }

    package init(from decoder: any Decoder) throws {
        var form = try Form(reading: decoder)
        if let known = Self.schema { try form.checkSchema(upTo: known) }
        var value = Self.blank
        try value.fields(&form)
        try form.leaveRest(of: decoder)
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var form = Form(writing: encoder)
        if var schema = Self.schema { try form.need("schema", &schema) }
        var value = self
        try value.fields(&form)
    }
}

/// The keys of an object in JSON, on their way in or out.
package struct Form {
    /// Any text.
    struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { Int(stringValue) }

        init(stringValue: String) { self.stringValue = stringValue }
        init(intValue: Int) { stringValue = String(intValue) }
    }

    private var reader: KeyedDecodingContainer<Key>?
    private var writer: KeyedEncodingContainer<Key>?
    /// What was asked for; only kept where somebody wants to know what was not.
    private var asked: Set<String>?

    init(reading decoder: any Decoder) throws {
        reader = try decoder.container(keyedBy: Key.self)
        if decoder.leftovers != nil { asked = ["schema"] }
    }

    init(writing encoder: any Encoder) {
        writer = encoder.container(keyedBy: Key.self)
    }

    /// A field without which the object has no meaning.
    package mutating func need<Value: Codable>(_ name: String, _ value: inout Value) throws {
        asked?.insert(name)
        if let reader { value = try reader.decode(Value.self, forKey: Key(stringValue: name)) }
        try writer?.encode(value, forKey: Key(stringValue: name))
    }

    /// A field that stays as it is when there is none; always written.
    package mutating func field<Value: Codable>(_ name: String, _ value: inout Value) throws {
        asked?.insert(name)
        if let read = try reader?.decodeIfPresent(Value.self, forKey: Key(stringValue: name)) { value = read }
        try writer?.encode(value, forKey: Key(stringValue: name))
    }

    /// A field that need not be there; nil is not written.
    package mutating func field<Value: Codable>(_ name: String, _ value: inout Value?) throws {
        asked?.insert(name)
        if let reader { value = try reader.decodeIfPresent(Value.self, forKey: Key(stringValue: name)) }
        try writer?.encodeIfPresent(value, forKey: Key(stringValue: name))
    }

    /// What a key says that this version reads and no longer writes; nil when there is none, or when writing.
    package mutating func former<Value: Decodable>(_ name: String, as _: Value.Type) throws -> Value? {
        asked?.insert(name)
        return try reader?.decodeIfPresent(Value.self, forKey: Key(stringValue: name))
    }

    /// The keys that there are; none when writing.
    package var names: [String] { reader?.allKeys.map(\.stringValue) ?? [] }

    /// A fault of what is read, at the place where it stands.
    package func fault(_ what: String) -> DecodingError {
        .dataCorrupted(.init(codingPath: reader?.codingPath ?? [], debugDescription: what))
    }

    // MARK: - Private

    fileprivate func checkSchema(upTo known: Int) throws {
        let schema = try reader?.decodeIfPresent(Int.self, forKey: Key(stringValue: "schema")) ?? 1
        guard schema > known else { return }
        throw Fault(
            .newerVersion,
            "it was written by a newer version of Roost (schema \(schema), known here up to \(known))",
            hint: "it is left as it is; install that version of Roost on this host"
        )
    }

    fileprivate func leaveRest(of decoder: any Decoder) throws {
        guard let leftovers = decoder.leftovers, let reader, let asked else { return }
        for key in reader.allKeys where !asked.contains(key.stringValue) {
            let value = try reader.decode(ConfigValue.self, forKey: key)
            leftovers.add(
                Leftovers.Rest(path: decoder.codingPath.map(\.stringValue), key: key.stringValue, value: value)
            )
        }
    }
}
