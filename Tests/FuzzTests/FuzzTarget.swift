import Testing

/// A reader of bytes from outside, and what has to be true whatever it is given.
struct FuzzTarget: Sendable, CustomTestStringConvertible {
    /// The folder of its corpus in `Tests/Corpus`.
    let name: String
    /// Words of its format, for the mutator.
    let words: [String]
    /// Reads an input and answers with the shape of what came out: an input of a new shape is worth changing further.
    ///
    /// - Throws: ``Broken`` when something is not true.
    let read: @Sendable (_ bytes: [UInt8], _ random: inout SplitMix64) throws -> String

    /// Something that has to be true is not.
    struct Broken: Error, CustomStringConvertible {
        var description: String

        init(_ description: String) { self.description = description }
    }

    static let all = [requestHead, chunkedBody, answer, dockerfile, toml, tar, manifest, link, metrics]

    var testDescription: String { name }
}
