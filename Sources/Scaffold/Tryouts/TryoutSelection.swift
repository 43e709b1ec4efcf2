package import Model

/// Which throw-aways a user wants: `postgres,redis`, `postgres:postgis`, or those that are found.
package enum TryoutSelection: Equatable, Sendable {
    /// What the scan says that the project needs.
    case auto
    /// What the project's Compose files start.
    case compose
    case named([Choice])

    package struct Choice: Equatable, Sendable {
        package var kind: TryoutKind
        package var extras: [String]

        package init(_ kind: TryoutKind, extras: [String] = []) {
            self.kind = kind
            self.extras = extras
        }
    }

    /// - Throws: ``Fault`` `unsupported` naming what there is.
    package init(_ text: String) throws(Fault) {
        switch text.lowercased() {
        case "auto": self = .auto
        case "compose": self = .compose
        default:
            var choices: [Choice] = []
            for word in text.split(separator: ",") {
                let parts = word.split(separator: ":", maxSplits: 1).map { String($0.blanksTrimmed) }
                guard let name = parts.first else { continue }
                let kind = try TryoutKind(name)
                let extras = parts.dropFirst().first?.split(separator: "+").map { $0.lowercased() } ?? []
                if !choices.contains(where: { $0.kind == kind }) { choices.append(Choice(kind, extras: extras)) }
            }
            guard !choices.isEmpty else {
                throw Fault(.invalidRequest, "--with names no service", hint: "for example --with postgres,redis")
            }
            self = .named(choices)
        }
    }
}
