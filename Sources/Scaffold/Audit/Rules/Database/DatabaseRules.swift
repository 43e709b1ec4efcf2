/// Rules on the database: driver, pool, address, migrations.
package enum DatabaseRules {
    /// In the order of their ids.
    package static let all: [Rule] = [
        sslmode, libpqWords, prepared, nullPool, connectionSum, prePing, schemes, plainText, atStart, createAll,
        breaking, heads,
        syncSession, passwords, environmentURL, sqliteFile,
    ]
}

extension Rules {
    package static let database = DatabaseRules.all
}
