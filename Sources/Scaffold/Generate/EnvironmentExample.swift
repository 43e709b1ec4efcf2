/// Writes `.env.example`: the names that the code reads, and never a value of a secret.
package enum EnvironmentExample {
    /// Nil when the code reads no variables, or the project has such a file.
    package static func make(_ facts: Facts, stamp: String) -> Artefact? {
        let variables = facts.environment.filter { Quoting.isVariableName($0.name) }
        guard !variables.isEmpty, facts.existing.environmentExample == nil else { return nil }
        var lines = [
            Stamp.line(stamp),
            "# Copy this to .env for work on your own machine; .env itself is for nobody else's eyes.",
        ]
        for variable in variables.sorted(by: { $0.name < $1.name }) {
            var words = [variable.isRequired ? "required" : "optional"]
            if variable.isSecret { words.append("secret") }
            if let place = variable.place { words.append(Quoting.comment(place.description)) }
            lines += ["", "# " + words.joined(separator: ", ")]
            let value = variable.isSecret ? nil : variable.defaultValue.flatMap { Quoting.dotenv($0) }
            lines.append((variable.isRequired ? "" : "# ") + "\(variable.name)=\(value ?? "")")
        }
        return Artefact(".env.example", lines.joined(separator: "\n") + "\n")
    }
}
