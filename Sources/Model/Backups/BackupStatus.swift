/// How a host's backups went: the last good one, and what was in the way of those since.
package struct BackupStatus: Equatable, Sendable {
    package var lastGood: Good?
    /// Of the last one that was not good, also when a good one has followed.
    package var lastFailure: Failure?
    /// When one was last restored and found to be what it should.
    package var lastTest: Timestamp?

    package init() {}

    /// A backup that is whole.
    package struct Good: Equatable, Sendable {
        package var at: Timestamp
        /// What the repository calls it.
        package var snapshot: String
        package var seconds: Double
        /// Of all that is in it.
        package var totalBytes: Int64
        /// What the repository did not have before.
        package var addedBytes: Int64
        package var apps: Int
        package var volumes: Int
        /// What is worth a word all the same: images that are lost, old backups that could not be removed.
        package var notes: [String]

        package init(at now: Timestamp, snapshot: String) {
            at = now
            self.snapshot = snapshot
            seconds = 0
            totalBytes = 0
            addedBytes = 0
            apps = 0
            volumes = 0
            notes = []
        }
    }

    /// One that is not.
    package struct Failure: Equatable, Sendable {
        package var at: Timestamp
        package var fault: Fault

        package init(at now: Timestamp, fault: Fault) {
            at = now
            self.fault = fault
        }
    }

    /// The failure that no good backup has followed.
    package var trouble: Failure? {
        guard let lastFailure, lastFailure.at > lastGood?.at ?? .init(milliseconds: 0) else { return nil }
        return lastFailure
    }
}

extension BackupStatus: KeyedForm {
    package static var schema: Int? { 1 }
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("lastGood", &lastGood)
        try form.field("lastFailure", &lastFailure)
        try form.field("lastTest", &lastTest)
    }
}

extension BackupStatus.Good: KeyedForm {
    package static var blank: Self { Self(at: .init(milliseconds: 0), snapshot: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("at", &at)
        try form.need("snapshot", &snapshot)
        try form.field("seconds", &seconds)
        try form.field("totalBytes", &totalBytes)
        try form.field("addedBytes", &addedBytes)
        try form.field("apps", &apps)
        try form.field("volumes", &volumes)
        try form.field("notes", &notes)
    }
}

extension BackupStatus.Failure: KeyedForm {
    package static var blank: Self { Self(at: .init(milliseconds: 0), fault: .blank) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("at", &at)
        try form.need("fault", &fault)
    }
}
