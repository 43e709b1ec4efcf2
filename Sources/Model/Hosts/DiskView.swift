/// What takes the room of a host's disk.
package struct DiskView: Equatable, Sendable {
    /// As ``DiskLevel/word``.
    package var level: String
    package var bytes: Int64
    package var free: Int64
    package var files: Int64?
    package var freeFiles: Int64?
    /// The folder whose file system it is.
    package var folder: String
    /// The largest first.
    package var purposes: [Purpose]
    /// By name.
    package var apps: [App]

    package init(level: DiskLevel, room: DiskRoom, folder: String, purposes: [Purpose] = [], apps: [App] = []) {
        self.level = level.word
        (bytes, free, self.folder, self.purposes, self.apps) = (room.bytes, room.free, folder, purposes, apps)
        if room.files > 0 { (files, freeFiles) = (room.files, room.freeFiles) }
    }

    /// One kind of thing that Roost keeps.
    package struct Purpose: Equatable, Sendable {
        package var name: String
        /// Blocks of the disk, in bytes.
        package var bytes: Int64
        /// Whether it goes by itself when room is short.
        package var isSpare: Bool

        package init(name: String, bytes: Int64, isSpare: Bool) {
            (self.name, self.bytes, self.isSpare) = (name, bytes, isSpare)
        }
    }

    /// What one app takes, in bytes, beside its images, whose layers may be others' too.
    package struct App: Equatable, Sendable {
        package var name: String
        package var machines: Int64
        package var volumes: Int64
        package var caches: Int64

        package init(name: String, machines: Int64 = 0, volumes: Int64 = 0, caches: Int64 = 0) {
            (self.name, self.machines, self.volumes, self.caches) = (name, machines, volumes, caches)
        }
    }
}

/// What came free.
package struct DiskPruned: Equatable, Sendable {
    package var freed: Int64
    package var level: String

    package init(freed: Int64, level: DiskLevel) {
        (self.freed, self.level) = (freed, level.word)
    }
}

extension DiskView: KeyedForm {
    package static var blank: DiskView { DiskView(level: .easy, room: DiskRoom(bytes: 0, free: 0), folder: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("level", &level)
        try form.need("bytes", &bytes)
        try form.need("free", &free)
        try form.field("files", &files)
        try form.field("free_files", &freeFiles)
        try form.field("folder", &folder)
        try form.field("purposes", &purposes)
        try form.field("apps", &apps)
    }
}

extension DiskView.Purpose: KeyedForm {
    package static var blank: Self { Self(name: "", bytes: 0, isSpare: false) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("name", &name)
        try form.need("bytes", &bytes)
        try form.field("spare", &isSpare)
    }
}

extension DiskView.App: KeyedForm {
    package static var blank: Self { Self(name: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("name", &name)
        try form.field("machines", &machines)
        try form.field("volumes", &volumes)
        try form.field("caches", &caches)
    }
}

extension DiskPruned: KeyedForm {
    package static var blank: DiskPruned { DiskPruned(freed: 0, level: .easy) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("freed", &freed)
        try form.field("level", &level)
    }
}
