/// How a variable wants to be told where a service is: a whole address or a part of one.
///
/// Text in which `{host}`, `{port}`, `{user}`, `{password}` and `{database}` stand for the parts:
/// `postgresql+asyncpg://{user}:{password}@{host}:{port}/{database}`.
package struct ConnectionForm: Codable, Equatable, Sendable {
    package var text: String

    package init(_ text: String) {
        self.text = text
    }

    package init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(text)
    }

    /// The service's name in the network.
    package static let host = ConnectionForm("{host}")
    /// The port it listens on.
    package static let port = ConnectionForm("{port}")
    /// Whom to log in as.
    package static let user = ConnectionForm("{user}")
    /// What to log in with.
    package static let password = ConnectionForm("{password}")
    /// The name of the database.
    package static let database = ConnectionForm("{database}")
    /// Name and port in one.
    package static let authority = ConnectionForm("{host}:{port}")

    /// What stands in the place of the parts.
    package struct Parts: Equatable, Sendable {
        package var host: String
        package var port: String
        package var user: String
        package var password: String
        package var database: String

        package init(host: String, port: String, user: String, password: String, database: String) {
            self.host = host
            self.port = port
            self.user = user
            self.password = password
            self.database = database
        }
    }

    /// The value of the variable.
    package func value(_ parts: Parts) -> String {
        let names = [
            ("{host}", parts.host), ("{port}", parts.port), ("{user}", parts.user), ("{password}", parts.password),
            ("{database}", parts.database),
        ]
        var result = ""
        var rest = text[...]
        // One pass: what stands for a part is not looked into again.
        while let brace = rest.firstIndex(of: "{") {
            result += rest[..<brace]
            rest = rest[brace...]
            if let (name, part) = names.first(where: { rest.hasPrefix($0.0) }) {
                result += part
                rest = rest.dropFirst(name.count)
            } else {
                result.append("{")
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    /// One line of a length that any address has.
    package var isSound: Bool {
        (1...1000).contains(text.utf8.count) && text.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
    }
}
