package import Model

/// What a host holds that has to be looked after: certificates, copies of the store, names, room on the disk.
///
/// Facts only: ``Doctor/judge(_:)-(UpkeepFacts)`` says what they mean.
package struct UpkeepFacts: Sendable {
    package var now: Timestamp
    package var certificates: [Certificate] = []
    /// The newest copy of the store, when there is one.
    package var copy: Copy?
    /// How far the store is; nil without one.
    package var revision: Int64?
    package var domain: Domain?
    /// Certificates are ordered, whose authority asks at port 80.
    package var ordersCertificates = false
    /// Ports on which the edge speaks HTTP without TLS.
    package var plainPorts: [Int] = []
    package var rooms: [Room] = []
    /// Nil where nobody looked.
    package var backups: Backups?

    package init(at now: Timestamp) {
        self.now = now
    }

    /// A certificate that the edge presents.
    package struct Certificate: Sendable {
        package var name: String
        package var notBefore: Timestamp
        package var notAfter: Timestamp
        /// Brought by a person, who has to bring the next one as well.
        package var isCustom: Bool

        package init(name: String, notBefore: Timestamp, notAfter: Timestamp, isCustom: Bool) {
            self.name = name
            self.notBefore = notBefore
            self.notAfter = notAfter
            self.isCustom = isCustom
        }
    }

    /// A copy of the store.
    package struct Copy: Sendable {
        package var made: Timestamp
        package var revision: Int64

        package init(made: Timestamp, revision: Int64) {
            self.made = made
            self.revision = revision
        }
    }

    /// Copies of all of it elsewhere.
    package struct Backups: Sendable {
        /// Where to; nil: nowhere.
        package var repository: String?
        /// The recovery sheet is in a safe place.
        package var isReady = false
        /// Between two; zero: only when somebody asks.
        package var every: Duration
        package var status = BackupStatus()

        package init(every: Duration) {
            self.every = every
        }
    }

    /// The domain that apps' names are below, where it is no local one.
    package struct Domain: Sendable {
        package var name: String
        /// Addresses to which a name below it leads.
        package var leadsTo: [String]
        /// This host's own public ones; empty behind a translation of addresses.
        package var own: [String]

        package init(name: String, leadsTo: [String], own: [String]) {
            self.name = name
            self.leadsTo = leadsTo
            self.own = own
        }
    }

    /// What one part of the state folder takes on the disk.
    package struct Room: Equatable, Sendable {
        package var purpose: String
        package var mebibytes: Int
    }

    /// What `du -m --max-depth=1` prints of the state folder, the largest part first.
    package static func rooms(_ usage: String, of state: String) -> [Room] {
        let rooms = usage.split(separator: "\n").compactMap { line -> Room? in
            let fields = line.split(separator: "\t", maxSplits: 1)
            guard fields.count == 2, let size = Int(fields[0]), fields[1].hasPrefix("\(state)/") else { return nil }
            return Room(purpose: String(fields[1].dropFirst(state.count + 1)), mebibytes: size)
        }
        return rooms.sorted { ($1.mebibytes, $0.purpose) < ($0.mebibytes, $1.purpose) }
    }
}
