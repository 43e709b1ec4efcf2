/// What a project folder holds, sent before any content so that the server can ask for what it lacks.
package struct SourceManifest: Equatable, Sendable {
    /// Sorted by path.
    package var files: [Entry]
    /// Folders with nothing in them, sorted; absent in manifests of earlier versions.
    package var folders: [String]

    package init(files: [Entry], folders: [String] = []) {
        self.files = files
        self.folders = folders
    }

    /// One file, folder or link of an upload.
    package struct Entry: Equatable, Hashable, Sendable {
        /// Relative to the project folder, `/` between its parts, no `..`, no leading `/`.
        package var path: String
        package var kind: Kind
        /// Permission bits only, for example 0o644.
        package var mode: UInt16
        /// In bytes; of the content, zero for a link.
        package var size: Int64
        /// 64 lower-case hex digits of the content; empty for a link.
        package var sha256: String
        /// Where a symbolic link points; nil for a file.
        package var target: String?

        package init(path: String, kind: Kind = .file, mode: UInt16, size: Int64, sha256: String, target: String? = nil)
        {
            self.path = path
            self.kind = kind
            self.mode = mode
            self.size = size
            self.sha256 = sha256
            self.target = target
        }
    }

    /// What stands at a path.
    package enum Kind: OpenWord {
        case file
        case symlink
        case unknown(String)

        package static let allCases: [Self] = [.file, .symlink]

        package var rawValue: String {
            switch self {
            case .file: "file"
            case .symlink: "symlink"
            case .unknown(let word): word
            }
        }
    }
}
