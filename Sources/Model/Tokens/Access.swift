/// What a route asks of whoever calls it.
package enum Access: String, CaseIterable, Sendable {
    /// Nothing: also without a token.
    case open
    /// Any token; the answer holds only what its scope may see.
    case anyToken
    /// Any token that may deploy something.
    case upload
    case appRead
    case appWrite
    /// One Machine, read.
    case machineRead
    /// A command in one Machine.
    case machineExec
    case organization
    /// Never by a token: root on the host alone, by the socket.
    case host
}

/// What a token is good for.
package enum TokenScope: Equatable, Sendable {
    /// Everything but what only root on the host may do.
    case organization
    /// One app and all that is its own.
    case deploy(app: String)
    /// The same, without changing anything.
    case read(app: String)
    /// Commands in one Machine.
    case exec(app: String, machine: Machine.ID)
    /// From a newer version of Roost: good for nothing here.
    case unknown(String)

    /// Whether a route with that need is open to it; the one place where that is decided.
    package func allows(_ access: Access, app: String?, machine: String?) -> Bool {
        switch (self, access) {
        case (.unknown, _): access == .open
        case (_, .open), (_, .anyToken): true
        case (_, .host): false
        case (.organization, _): true
        case (.deploy, .upload): true
        case (.deploy(let own), .appRead), (.deploy(let own), .appWrite), (.deploy(let own), .machineRead),
            (.deploy(let own), .machineExec):
            app == own
        case (.read(let own), .appRead), (.read(let own), .machineRead): app == own
        case (.exec(let own, let id), .machineRead), (.exec(let own, let id), .machineExec):
            app == own && machine == id.text
        case (.deploy, .organization), (.read, _), (.exec, _): false
        }
    }

    /// Whether an app shows in lists.
    package func sees(app: String) -> Bool {
        switch self {
        case .organization: true
        case .deploy(let own), .read(let own), .exec(let own, _): own == app
        case .unknown: false
        }
    }

    /// As it stands in a sentence.
    package var description: String {
        switch self {
        case .organization: "the organisation"
        case .deploy(let app): "deploys of \(app)"
        case .read(let app): "reading \(app)"
        case .exec(let app, let machine): "commands in Machine \(machine) of \(app)"
        case .unknown(let word): "\"\(word)\", which this version does not know"
        }
    }

    /// The one app that it is about.
    package var app: String? {
        switch self {
        case .deploy(let app), .read(let app), .exec(let app, _): app
        case .organization, .unknown: nil
        }
    }

    /// The word for its kind, stored and sent.
    package var word: String {
        switch self {
        case .organization: "org"
        case .deploy: "deploy"
        case .read: "readonly"
        case .exec: "machine-exec"
        case .unknown(let word): word
        }
    }

    /// The words that can be asked for.
    package static let words = ["org", "deploy", "readonly", "machine-exec"]
}

extension TokenScope: Codable {
    private enum CodingKeys: String, CodingKey {
        case kind, app, machine
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let word = try container.decode(String.self, forKey: .kind)
        let app = try container.decodeIfPresent(String.self, forKey: .app)
        let machine = try container.decodeIfPresent(Machine.ID.self, forKey: .machine)
        switch (word, app, machine) {
        case ("org", nil, nil): self = .organization
        case ("deploy", let app?, nil): self = .deploy(app: app)
        case ("readonly", let app?, nil): self = .read(app: app)
        case ("machine-exec", let app?, let machine?): self = .exec(app: app, machine: machine)
        default: self = .unknown(word)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(word, forKey: .kind)
        try container.encodeIfPresent(app, forKey: .app)
        if case .exec(_, let machine) = self { try container.encode(machine, forKey: .machine) }
    }
}
