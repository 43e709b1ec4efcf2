/// A value in Python source: constants as they are, names resolved, the rest as far as it is plain.
package indirect enum PythonValue: Equatable, Sendable {
    case none
    case bool(Bool)
    case integer(Int64)
    case float(Double)
    /// Cut at 400 characters.
    case string(String)
    /// What stands in `{}` is source text.
    case formatted(String)
    /// `os.environ`, `settings.debug`.
    case name(String)
    case call(PythonCall)
    case list([PythonValue])
    case tuple([PythonValue])
    case dict([(key: PythonValue, value: PythonValue)])
    /// `base[index]`.
    case subscripted(PythonValue, PythonValue)
    case or([PythonValue])
    case and([PythonValue])
    /// Left, the operator as Python's `ast` names it (`Add`, `Mult`), right.
    case binary(PythonValue, String, PythonValue)
    /// Value when true, value when false, the condition.
    case conditional(PythonValue, PythonValue, PythonValue)
    /// Anything else, as source text.
    case other(String)

    package static func == (left: PythonValue, right: PythonValue) -> Bool {
        String(describing: left) == String(describing: right)
    }

    package var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    package var name: String? {
        guard case .name(let name) = self else { return nil }
        return name
    }

    package var call: PythonCall? {
        guard case .call(let call) = self else { return nil }
        return call
    }

    package var integer: Int64? {
        guard case .integer(let number) = self else { return nil }
        return number
    }

    package var bool: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }

    /// The elements of a list, tuple or set.
    package var elements: [PythonValue]? {
        switch self {
        case .list(let items), .tuple(let items): items
        default: nil
        }
    }
}

/// A call in Python source.
package struct PythonCall: Decodable, Equatable, Sendable {
    /// Resolved through imports: `fastapi.FastAPI`, `app.include_router`, `sqlalchemy.create_engine().connect`.
    package var function: String
    package var line: Int
    package var arguments: [PythonValue]
    /// In order; `**` names unpacked dictionaries.
    package var keywords: [(name: String, value: PythonValue)]
    /// The function or class that it stands in; empty for the module, and for a call that is a value itself.
    package var scope: String
    package var isAwaited: Bool
    /// Under `if __name__ == "__main__"`.
    package var inMainGuard: Bool
    /// In the body of a `try`.
    package var inTry: Bool
    /// The line of its last bracket.
    package var endLine: Int
    /// In a `lambda`, so that it does not run where it stands.
    package var inLambda: Bool
    /// Only whether it is true counts: `if f():`, `not f()`.
    package var isTested: Bool

    package subscript(_ keyword: String) -> PythonValue? {
        keywords.first { $0.name == keyword }?.value
    }

    /// The argument at a place, or by its keyword.
    package func argument(_ index: Int, _ keyword: String) -> PythonValue? {
        self[keyword] ?? (arguments.indices.contains(index) ? arguments[index] : nil)
    }

    /// The last part of the function's name: `include_router`.
    package var method: String {
        function.split(separator: ".").last.map(String.init) ?? function
    }

    package static func == (left: PythonCall, right: PythonCall) -> Bool {
        String(describing: left) == String(describing: right)
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        function = try values.decode(String.self, forKey: .f)
        line = try values.decode(Int.self, forKey: .l)
        arguments = try values.decodeIfPresent([PythonValue].self, forKey: .a) ?? []
        keywords = []
        if values.contains(.k) {
            var pairs = try values.nestedUnkeyedContainer(forKey: .k)
            while !pairs.isAtEnd {
                var pair = try pairs.nestedUnkeyedContainer()
                keywords.append((try pair.decode(String.self), try pair.decode(PythonValue.self)))
            }
        }
        scope = try values.decodeIfPresent(String.self, forKey: .s) ?? ""
        isAwaited = try values.decodeIfPresent(Bool.self, forKey: .w) ?? false
        inMainGuard = try values.decodeIfPresent(Bool.self, forKey: .m) ?? false
        inTry = try values.decodeIfPresent(Bool.self, forKey: .try) ?? false
        endLine = try values.decodeIfPresent(Int.self, forKey: .e) ?? line
        let marks = try values.decodeIfPresent(String.self, forKey: .x)
        inLambda = marks?.contains("l") ?? false
        isTested = marks?.contains("t") ?? false
    }

    private enum CodingKeys: String, CodingKey {
        case f, l, e, a, k, s, w, m, x
        case `try`
    }
}

extension PythonValue: Decodable {
    /// One key an object, which says what it is.
    private enum Kind: String, CodingKey {
        case none, b, i, d, s, fs, n, call, list, tuple, dict, sub, or, and, bin
        case `if`
        case x
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Kind.self)
        switch values.allKeys.first {
        case .b: self = .bool(try values.decode(Bool.self, forKey: .b))
        case .i: self = .integer(try values.decode(Int64.self, forKey: .i))
        case .d: self = .float(try values.decode(Double.self, forKey: .d))
        case .s: self = .string(try values.decode(String.self, forKey: .s))
        case .fs: self = .formatted(try values.decode(String.self, forKey: .fs))
        case .n: self = .name(try values.decode(String.self, forKey: .n))
        case .call: self = .call(try values.decode(PythonCall.self, forKey: .call))
        case .list: self = .list(try values.decode([PythonValue].self, forKey: .list))
        case .tuple: self = .tuple(try values.decode([PythonValue].self, forKey: .tuple))
        case .dict:
            let pairs = try values.decode([[PythonValue]].self, forKey: .dict)
            self = .dict(pairs.filter { $0.count == 2 }.map { (key: $0[0], value: $0[1]) })
        case .or: self = .or(try values.decode([PythonValue].self, forKey: .or))
        case .and: self = .and(try values.decode([PythonValue].self, forKey: .and))
        case .sub, .bin, .if: self = try Self.compound(values)
        case .x: self = .other(try values.decode(String.self, forKey: .x))
        case .some(.none), nil: self = .none
        }
    }

    private static func compound(_ values: KeyedDecodingContainer<Kind>) throws -> PythonValue {
        if let parts = try values.decodeIfPresent([PythonValue].self, forKey: .sub), parts.count == 2 {
            return .subscripted(parts[0], parts[1])
        }
        if let parts = try values.decodeIfPresent([PythonValue].self, forKey: .bin), parts.count == 3 {
            return .binary(parts[0], parts[1].text ?? "", parts[2])
        }
        if let parts = try values.decodeIfPresent([PythonValue].self, forKey: .if), parts.count == 3 {
            return .conditional(parts[0], parts[1], parts[2])
        }
        return .none
    }
}
