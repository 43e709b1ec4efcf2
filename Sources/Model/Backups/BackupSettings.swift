/// Where a host's backups go, and what they are sealed to; passwords and keys that open anything are not in it.
package struct BackupSettings: Equatable, Sendable {
    package var repository: String
    /// The public half of the recovery key, base64.
    package var recoveryKey: String
    /// Names it.
    package var keyID: String
    package var createdAt: Timestamp
    /// A person has said that the recovery sheet is in a safe place; nothing is backed up before.
    package var isSaved: Bool

    package init(repository: String, recoveryKey: String, keyID: String, createdAt: Timestamp) {
        self.repository = repository
        self.recoveryKey = recoveryKey
        self.keyID = keyID
        self.createdAt = createdAt
        isSaved = false
    }
}

extension BackupSettings: KeyedForm {
    package static var schema: Int? { 1 }

    package static var blank: Self {
        Self(repository: "", recoveryKey: "", keyID: "", createdAt: .init(milliseconds: 0))
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("repository", &repository)
        try form.need("recoveryKey", &recoveryKey)
        try form.need("keyID", &keyID)
        try form.field("createdAt", &createdAt)
        try form.field("saved", &isSaved)
    }
}
