extension BuildSecrets {
    /// Reads what a person gives for each secret, in one of three forms.
    ///
    /// `NAME=VALUE`; `id=NAME,src=FILE`, as Docker has it, or `id=NAME,env=VARIABLE`; and `NAME` alone, which is a variable
    /// of the environment, so that the value is in nobody's history and in no list of processes.
    ///
    /// - Parameters:
    ///   - texts: one for each secret; of two with the same name the last counts.
    ///   - environment: the person's own.
    ///   - read: a file's text; nil when it can't be read.
    /// - Returns: the secrets by their names.
    /// - Throws: ``Fault`` `invalidRequest` naming the secret that has no value; never a value.
    package static func parse(
        _ texts: [String],
        environment: [String: String],
        read: (_ file: String) -> String?
    ) throws(Fault) -> BuildSecrets {
        var secrets = BuildSecrets()
        for text in texts {
            let (name, value) = try one(text, environment, read)
            secrets.values[name] = value
        }
        try secrets.check()
        return secrets
    }

    // MARK: - Private

    private static func one(
        _ text: String,
        _ environment: [String: String],
        _ read: (String) -> String?
    ) throws(Fault) -> (String, String) {
        if text.hasPrefix("id=") { return try docker(text, environment, read) }
        guard let equals = text.firstIndex(of: "=") else { return (text, try variable(text, of: text, environment)) }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    private static func docker(
        _ text: String,
        _ environment: [String: String],
        _ read: (String) -> String?
    ) throws(Fault) -> (String, String) {
        var options: [String: String] = [:]
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            // Docker's other names for the same.
            let name = pair[0] == "source" ? "src" : pair[0]
            guard pair.count == 2, ["id", "src", "env", "type"].contains(name) else {
                throw Fault(
                    .invalidRequest,
                    "--build-secret id=…: \(ConfigNode.quoted(pair[0])) is none of id, src and env",
                    hint: "id=NAME,src=FILE or id=NAME,env=VARIABLE"
                )
            }
            options[name] = pair[1]
        }
        let name = options["id"] ?? ""
        if let file = options["src"] {
            guard let value = read(file) else {
                throw Fault(
                    .invalidRequest,
                    "the build secret \(ConfigNode.quoted(name)): the file \(ConfigNode.quoted(file)) can't be read"
                )
            }
            return (name, value)
        }
        return (name, try variable(options["env"] ?? name, of: name, environment))
    }

    private static func variable(
        _ variable: String,
        of name: String,
        _ environment: [String: String]
    ) throws(Fault) -> String {
        guard let value = environment[variable] else {
            throw Fault(
                .invalidRequest,
                "the build secret \(ConfigNode.quoted(name)): the variable \(ConfigNode.quoted(variable)) is not set here",
                hint: "export it first, or give the value: --build-secret \(name)=VALUE or id=\(name),src=FILE"
            )
        }
        return value
    }
}
