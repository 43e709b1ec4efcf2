/// A host's backups, as its API tells of them.
package struct BackupView: Equatable, Sendable {
    /// Nil where none was ever asked for.
    package var settings: BackupSettings?
    package var status: BackupStatus
    /// What goes on at this moment: `store`, `volume vol_… of notes`, `images`, `sending`, `looking`; nil for nothing.
    package var stage: String?
    package var startedAt: Timestamp?

    package init(settings: BackupSettings?, status: BackupStatus) {
        self.settings = settings
        self.status = status
    }
}

extension BackupView: KeyedForm {
    package static var blank: Self { Self(settings: nil, status: BackupStatus()) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("settings", &settings)
        try form.field("status", &status)
        try form.field("stage", &stage)
        try form.field("startedAt", &startedAt)
    }
}
