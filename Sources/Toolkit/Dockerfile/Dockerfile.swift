/// A Dockerfile taken apart into stages and instructions, each with its lines.
///
/// > Source: Dockerfile reference, docs.docker.com/reference/dockerfile.
package struct Dockerfile: Sendable {
    /// The file's path in the project.
    package var path: String
    /// `# syntax=`, `# escape=`, `# check=` at its top, names in lower case.
    package var directives: [String: String]
    /// `ARG` before the first `FROM`: name to default.
    package var globalArguments: [String: String?]
    package var stages: [Stage]
    /// Lines that are no instruction: misspelt words, heredocs that never end.
    package var problems: [Problem]

    package struct Problem: Sendable {
        package var line: Int
        package var message: String
        /// The instruction that was probably meant.
        package var nearest: String?
    }

    package struct Stage: Sendable {
        /// After `AS`, as written.
        package var name: String?
        /// What `FROM` names, its ARGs filled in when they have defaults.
        package var base: String
        /// What `FROM` names, as written but for quotes.
        package var written: String
        package var line: Int
        package var instructions: [Instruction]
        /// The `FROM` line itself.
        package var from: Instruction
    }

    /// One instruction.
    package struct Instruction: Sendable {
        /// In upper case: `RUN`.
        package var word: String
        /// `--mount=type=cache,target=/x` and the like: name without dashes to value (empty for a plain flag).
        package var flags: [(name: String, value: String)]
        /// The words of the exec form, else nil.
        package var exec: [String]?
        /// All after the word and the flags, continuation lines joined by blanks, comments between them left out.
        package var text: String
        /// Heredoc bodies, in order.
        package var heredocs: [String]
        /// The first line, from 1.
        package var line: Int
        /// The last line.
        package var endLine: Int
    }

    /// The stage that an image is made of: the target when it is named, else the last one.
    package func stage(target: String?) -> Stage? {
        guard let target else { return stages.last }
        return stages.first { $0.name?.lowercased() == target.lowercased() } ?? stages.last
    }

    /// A stage and those that it is built from, the outermost base first.
    package func lineage(of stage: Stage) -> [Stage] {
        var chain = [stage]
        while let first = chain.first, chain.count <= stages.count,
            let parent = stages.first(where: { $0.name != nil && $0.name?.lowercased() == first.base.lowercased() }),
            parent.line < first.line
        {
            chain.insert(parent, at: 0)
        }
        return chain
    }
}
