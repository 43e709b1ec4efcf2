/// What makes an app a throw-away: a service of the distribution beside another app, for trying that out.
///
/// It is not backed up, only the other app's Machines reach it, and it goes with that app.
package struct Tryout: Equatable, Sendable {
    /// The app that it is for.
    package var of: String
    /// A ``TryoutKind``; text, so that a record of a later version stays readable.
    package var kind: String
    /// What it has beside the usual: `postgis`.
    package var extras: [String]
    package var user: String
    package var database: String
    /// The variables of the other app that say where it is.
    package var connections: [Connection]
    /// Names under which the other app's Machines find it as well: `db`.
    package var hosts: [String]

    /// A variable, and the form in which it wants the address.
    package struct Connection: Equatable, Sendable {
        package var variable: String
        package var form: ConnectionForm

        package init(_ variable: String, _ form: ConnectionForm) {
            self.variable = variable
            self.form = form
        }
    }

    package init(of app: String, _ wish: TryoutWish) {
        of = app
        kind = wish.kind.rawValue
        extras = wish.extras
        user = wish.user
        database = wish.database
        connections = wish.connections
        hosts = wish.hosts
    }

    /// The throw-away's own name: `shop-postgres`.
    ///
    /// - Throws: ``Fault`` `invalidConfig` when that would be too long for an app.
    package static func name(of app: String, _ kind: TryoutKind) throws(Fault) -> String {
        let name = "\(app)-\(kind.rawValue)"
        do {
            try App.validate(name: name)
        } catch {
            throw Fault(
                .invalidConfig,
                "its throw-away would be named \(name), which is too long for an app",
                hint: "give the app a shorter name: app = \"…\" in fly.toml"
            )
        }
        return name
    }

    /// Whether a variable passes the password on; else the address alone has to do.
    package var needsPassword: Bool { connections.contains { $0.form.text.contains("{password}") } }
}

/// What a user wants to try an app out with.
package struct TryoutWish: Equatable, Sendable {
    package var kind: TryoutKind
    package var extras: [String]
    package var user: String
    package var database: String
    package var connections: [Tryout.Connection]
    package var hosts: [String]
    /// It takes every password: the app has one written down that nobody here can change.
    package var isOpen = false

    package init(
        _ kind: TryoutKind,
        extras: [String] = [],
        user: String,
        database: String,
        connections: [Tryout.Connection] = [],
        hosts: [String] = []
    ) {
        self.kind = kind
        self.extras = extras
        self.user = user
        self.database = database
        self.connections = connections
        self.hosts = hosts
    }

    /// Whether text can be a user's or a database's name in each of the services, and in a URL as it stands.
    package static func isName(_ text: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (65...90).contains(byte) || byte == 95 }
        return text.utf8.first.map(isLetter) ?? false && text.utf8.count <= 32
            && text.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || $0 == 45 }
    }

    /// Refuses what no scan brings about: a request need not come from our own client.
    ///
    /// - Throws: ``Fault`` `invalidRequest`.
    package func check() throws(Fault) {
        func require(_ holds: Bool, _ what: String) throws(Fault) {
            guard holds else { throw Fault(.invalidRequest, "\(kind.rawValue): \(what) is not one that can be") }
        }
        try require(Self.isName(user), "the user's name")
        try require(Self.isName(database), "the database's name")
        // The others refuse a password that they did not ask for.
        try require(!isOpen || kind == .postgres || kind == .mysql, "a password that may be any")
        try require(extras.count <= 8 && extras.allSatisfy(Self.isName), "an extra's name")
        try require(connections.count <= 64, "the number of variables")
        try require(hosts.count <= 16 && hosts.allSatisfy(HostAlias.isName), "a name in /etc/hosts")
        for connection in connections {
            let name = connection.variable.utf8
            let isName = name.allSatisfy {
                (65...90).contains($0) || (97...122).contains($0) || (48...57).contains($0) || $0 == 95
            }
            try require(isName && (1...128).contains(name.count), "a variable's name")
            try require(connection.form.isSound, "the form of \(connection.variable)")
        }
    }
}
