/// A place where Python code reads a variable of the environment, told by what stands around it.
package struct EnvironmentRead: FactsReadable, Equatable, Sendable {
    package enum Kind: Int, Comparable, Sendable {
        /// Something follows when it is not set: a default, a test, another branch.
        case optional = 1
        /// The import of the file ends there when it is not set.
        case certain = 2

        package static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
    }

    package var name = ""
    package var line = 0
    package var kind = Kind.optional

    init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
        try facts.openList()
        guard try facts.hasNext() else { throw FactsReader.Malformed() }
        name = try facts.string()
        guard try facts.hasNext() else { throw FactsReader.Malformed() }
        line = try facts.int()
        guard try facts.hasNext() else { throw FactsReader.Malformed() }
        kind = Kind(rawValue: try facts.int()) ?? .optional
        guard try !facts.hasNext() else { throw FactsReader.Malformed() }
    }
}
