/// A host's keys in a backup, which only the recovery key opens: who has the repository has no secret by it.
package struct SealedKeys: Equatable, Sendable {
    /// The ID of the recovery key.
    package var keyID: String
    /// A ``KeyBundle``, sealed; base64.
    package var sealed: String

    package init(keyID: String, sealed: String) {
        self.keyID = keyID
        self.sealed = sealed
    }
}

extension SealedKeys: KeyedForm {
    package static var schema: Int? { 1 }
    package static var blank: Self { Self(keyID: "", sealed: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("keyID", &keyID)
        try form.need("sealed", &sealed)
    }
}

/// Files of a state folder that hold what opens something.
package struct KeyBundle: Equatable, Sendable {
    package var files: [File]

    package init(files: [File]) {
        self.files = files
    }

    /// One of them.
    package struct File: Equatable, Sendable {
        /// From the state folder.
        package var path: String
        package var mode: Int
        /// base64.
        package var content: String

        package init(path: String, mode: Int, content: String) {
            self.path = path
            self.mode = mode
            self.content = content
        }
    }

    /// The paths that lead out of the folders that a bundle is for, of which a whole one has none.
    package var strays: [String] {
        files.map(\.path).filter { path in
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            let isPlain = parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
            return !isPlain || parts.count < 2 || !BackupManifest.Place.sealed.contains(String(parts[0]))
        }
    }
}

extension KeyBundle: KeyedForm {
    package static var schema: Int? { 1 }
    package static var blank: Self { Self(files: []) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("files", &files)
    }
}

extension KeyBundle.File: KeyedForm {
    package static var blank: Self { Self(path: "", mode: 0o600, content: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("path", &path)
        try form.field("mode", &mode)
        try form.need("content", &content)
    }
}
