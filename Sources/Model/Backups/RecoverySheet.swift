/// What a person keeps where the host's disk is not: with it, an empty host becomes this one again.
package struct RecoverySheet: Equatable, Sendable {
    package var host: String
    package var at: Timestamp
    package var repository: BackupRepository
    package var password: String
    package var recoveryKey: String

    package init(host: String, at now: Timestamp, repository: BackupRepository, password: String, recoveryKey: String) {
        self.host = host
        at = now
        self.repository = repository
        self.password = password
        self.recoveryKey = recoveryKey
    }

    /// To be printed, once.
    package var text: String {
        let keys =
            repository.isRemote
            ? "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the bucket have to be set for it as well.\n" : ""
        return """
            RECOVERY SHEET of \(host), \(at.rfc3339.prefix(10))
            Keep it on paper or in a password manager, not on this host. It is shown once.

              repository    \(repository.address)
              password      \(password)
              recovery key  \(recoveryKey)

            On an empty host with Roost's package and restic installed, roostd stopped, as root:

              roost backup restore \(repository.address)

            It asks for the password and the recovery key.
            \(keys)
            """
    }
}
