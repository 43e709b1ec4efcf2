import Toolkit

/// A value in Python source: constants as they are, names resolved, the rest as far as it is plain.
package indirect enum PythonValue: Equatable, Sendable {
    case none
    case bool(Bool)
    case integer(Int64)
    case float(Double)
    /// Cut at 400 characters, what is given to `execute`, `text` and `RunSQL` at 65,536.
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
        switch (left, right) {
        case (.none, .none): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.float(let left), .float(let right)): left == right
        case (.string(let left), .string(let right)), (.formatted(let left), .formatted(let right)),
            (.name(let left), .name(let right)), (.other(let left), .other(let right)):
            left == right
        case (.call(let left), .call(let right)): left == right
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)),
            (.or(let left), .or(let right)), (.and(let left), .and(let right)):
            left == right
        case (.dict(let left), .dict(let right)): left.elementsEqual(right) { $0.key == $1.key && $0.value == $1.value }
        case (.subscripted(let left, let index), .subscripted(let right, let other)): left == right && index == other
        case (.binary(let left, let sign, let with), .binary(let right, let otherSign, let otherWith)):
            sign == otherSign && left == right && with == otherWith
        case (.conditional(let left, let otherwise, let test), .conditional(let right, let other, let otherTest)):
            left == right && otherwise == other && test == otherTest
        default: false
        }
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

    /// Whether some text stands anywhere in it: in names, constants, calls.
    func mentions(_ word: String) -> Bool {
        switch self {
        case .none, .bool, .integer, .float: false
        case .string(let text), .formatted(let text), .name(let text), .other(let text): text.contains(word)
        case .call(let call):
            call.function.contains(word) || call.arguments.contains { $0.mentions(word) }
                || call.keywords.contains { $0.name.contains(word) || $0.value.mentions(word) }
        case .list(let items), .tuple(let items), .or(let items), .and(let items):
            items.contains { $0.mentions(word) }
        case .dict(let pairs): pairs.contains { $0.key.mentions(word) || $0.value.mentions(word) }
        case .subscripted(let base, let index): base.mentions(word) || index.mentions(word)
        case .binary(let left, _, let right): left.mentions(word) || right.mentions(word)
        case .conditional(let yes, let no, let test): [yes, no, test].contains { $0.mentions(word) }
        }
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
package struct PythonCall: FactsReadable, Equatable, Sendable {
    /// Resolved through imports: `fastapi.FastAPI`, `app.include_router`, `sqlalchemy.create_engine().connect`.
    package var function = ""
    package var line = 0
    package var arguments: [PythonValue] = []
    /// In order; `**` names unpacked dictionaries.
    package var keywords: [(name: String, value: PythonValue)] = []
    /// The function or class that it stands in; empty for the module, and for a call that is a value itself.
    package var scope = ""
    package var isAwaited = false
    /// Under `if __name__ == "__main__"`.
    package var inMainGuard = false
    /// In the body of a `try`.
    package var inTry = false
    /// The line of its last bracket.
    package var endLine = 0
    /// In a `lambda`, so that it does not run where it stands.
    package var inLambda = false
    /// Only whether it is true counts: `if f():`, `not f()`.
    package var isTested = false

    package subscript(_ keyword: String) -> PythonValue? {
        keywords.first { $0.name == keyword }?.value
    }

    /// The argument at a place, or by its keyword.
    package func argument(_ index: Int, _ keyword: String) -> PythonValue? {
        self[keyword] ?? (arguments.indices.contains(index) ? arguments[index] : nil)
    }

    /// The last part of the function's name: `include_router`.
    package var method: String {
        guard let dot = function.utf8.lastIndex(of: UInt8(ascii: ".")) else { return function }
        return String(function[function.utf8.index(after: dot)...])
    }

    package static func == (left: PythonCall, right: PythonCall) -> Bool {
        left.line == right.line && left.endLine == right.endLine && left.function == right.function
            && left.scope == right.scope && left.isAwaited == right.isAwaited && left.inTry == right.inTry
            && left.inMainGuard == right.inMainGuard && left.inLambda == right.inLambda
            && left.isTested == right.isTested && left.arguments == right.arguments
            && left.keywords.elementsEqual(right.keywords) { $0.name == $1.name && $0.value == $1.value }
    }

    init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
        var end: Int?
        try facts.open()
        while let key = try facts.key() {
            switch key {
            case "f": function = try facts.string()
            case "l": line = try facts.int()
            case "e": end = try facts.int()
            case "a": arguments = try facts.list()
            case "k": keywords = (try facts.list() as [Keyword]).map { ($0.name, $0.value) }
            case "s": scope = try facts.string()
            case "w": isAwaited = try facts.bool()
            case "m": inMainGuard = try facts.bool()
            case "try": inTry = try facts.bool()
            case "x":
                let marks = try facts.string()
                inLambda = marks.contains("l")
                isTested = marks.contains("t")
            default: try facts.skip()
            }
        }
        endLine = end ?? line
    }

    private struct Keyword: FactsReadable {
        var name = ""
        var value = PythonValue.none

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.openList()
            guard try facts.hasNext() else { throw FactsReader.Malformed() }
            name = try facts.string()
            guard try facts.hasNext() else { throw FactsReader.Malformed() }
            value = try PythonValue(&facts)
            guard try !facts.hasNext() else { throw FactsReader.Malformed() }
        }
    }
}

extension PythonValue: FactsReadable {
    /// An object's one key says what it is.
    init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
        self = .none
        if facts.isNull() { return }
        try facts.open()
        while let kind = try facts.key() {
            switch kind {
            case "b": self = .bool(try facts.bool())
            case "i": self = .integer(try facts.integer())
            case "d": self = .float(try facts.double())
            case "s": self = .string(try facts.string())
            case "fs": self = .formatted(try facts.string())
            case "n": self = .name(try facts.string())
            case "call": self = .call(try PythonCall(&facts))
            case "list": self = .list(try facts.list())
            case "tuple": self = .tuple(try facts.list())
            case "dict": self = .dict(try Self.pairs(&facts))
            case "or": self = .or(try facts.list())
            case "and": self = .and(try facts.list())
            case "sub", "bin", "if": self = Self.compound(kind, try facts.list())
            case "x": self = .other(try facts.string())
            default: try facts.skip()
            }
        }
    }

    private static func pairs(
        _ facts: inout FactsReader
    ) throws(FactsReader.Malformed) -> [(key: PythonValue, value: PythonValue)] {
        var pairs: [(key: PythonValue, value: PythonValue)] = []
        try facts.openList()
        while try facts.hasNext() {
            let pair: [PythonValue] = try facts.list()
            if pair.count == 2 { pairs.append((key: pair[0], value: pair[1])) }
        }
        return pairs
    }

    private static func compound(_ kind: String, _ parts: [PythonValue]) -> PythonValue {
        switch (kind, parts.count) {
        case ("sub", 2): .subscripted(parts[0], parts[1])
        case ("bin", 3): .binary(parts[0], parts[1].text ?? "", parts[2])
        case ("if", 3): .conditional(parts[0], parts[1], parts[2])
        default: .none
        }
    }
}
