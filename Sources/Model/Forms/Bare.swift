/// A value that stood below `_0` in the first shape of enumerations, and stands by itself now.
struct Bare<Value: Codable>: Codable {
    var value: Value

    init(_ value: Value) { self.value = value }

    init(from decoder: any Decoder) throws {
        let first = Form.Key(stringValue: "_0")
        if let keyed = try? decoder.container(keyedBy: Form.Key.self), keyed.contains(first) {
            value = try keyed.decode(Value.self, forKey: first)
        } else {
            value = try decoder.singleValueContainer().decode(Value.self)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
