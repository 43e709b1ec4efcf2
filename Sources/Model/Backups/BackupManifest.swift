/// What a backup holds, said by the backup itself: what is not as it says is no backup.
package struct BackupManifest: Equatable, Sendable {
    /// A ULID; the repository has a name of its own for what it keeps.
    package var id: String
    package var at: Timestamp
    /// Of Roost.
    package var version: String
    package var host: Host
    /// How far the store was.
    package var revision: Int64
    package var apps: [App]
    package var volumes: [Volume]
    package var images: [Image]
    /// Digests of images that a record names and the host has not.
    package var absent: [String]
    /// Keys of records that can't be read, whose images may be missing.
    package var unreadable: [String]
    /// All files but this one and those of volumes.
    package var files: [File]
    /// The ID of the recovery key that the host's keys are sealed to.
    package var recoveryKey: String

    /// A backup of a host at a moment, with nothing in it yet.
    package init(id: String, at now: Timestamp, version: String, host: Host) {
        self.id = id
        at = now
        self.version = version
        self.host = host
        revision = 0
        apps = []
        volumes = []
        images = []
        absent = []
        unreadable = []
        files = []
        recoveryKey = ""
    }

    /// Whose it is.
    package struct Host: Equatable, Sendable {
        package var id: String
        package var name: String

        package init(id: String, name: String) {
            self.id = id
            self.name = name
        }
    }

    /// An app, and how much of it there is.
    package struct App: Equatable, Sendable {
        package var name: String
        /// The release in service; nil before the first deploy.
        package var release: Int?
        package var releases: Int
        package var machines: Int

        package init(name: String, release: Int?, releases: Int, machines: Int) {
            self.name = name
            self.release = release
            self.releases = releases
            self.machines = machines
        }
    }

    /// A volume and what was on it.
    package struct Volume: Equatable, Sendable {
        package var id: String
        package var app: String
        package var name: String
        package var sizeGB: Int
        package var content: Content

        package init(_ volume: Model.Volume, _ content: Content) {
            id = volume.id
            app = volume.app
            name = volume.name
            sizeGB = volume.sizeGB
            self.content = content
        }

        /// How it is kept.
        package struct Content: Equatable, Sendable {
            package var kind: Kind
            /// SHA-256 over all of a disk; empty for the others.
            package var digest: String
            package var diskBytes: Int64
            /// Of what was on it.
            package var dataBytes: Int64
            /// Files that the backup has of it: pieces and their list, or those of a folder.
            package var files: Int
            /// For how long its Machine could not write.
            package var pauseMilliseconds: Int64

            package init(_ kind: Kind, dataBytes: Int64 = 0, files: Int = 0) {
                self.kind = kind
                digest = ""
                diskBytes = 0
                self.dataBytes = dataBytes
                self.files = files
                pauseMilliseconds = 0
            }
        }

        /// What a volume is on its host.
        package enum Kind: OpenWord {
            /// A file system, held still for the copy.
            case disk
            /// A folder of a host without loop devices, copied while it may change.
            case folder
            /// Nobody has used it yet.
            case empty
            case unknown(String)

            package static let allCases: [Self] = [.disk, .folder, .empty]

            package var rawValue: String {
                switch self {
                case .disk: "disk"
                case .folder: "folder"
                case .empty: "empty"
                case .unknown(let word): word
                }
            }
        }
    }

    /// An image, whole: its blobs are among the files.
    package struct Image: Equatable, Sendable {
        package var digest: String
        package var bytes: Int64

        package init(digest: String, bytes: Int64) {
            self.digest = digest
            self.bytes = bytes
        }
    }

    /// A file of the backup.
    package struct File: Equatable, Sendable {
        /// From the backup's top, without a slash before it.
        package var path: String
        package var bytes: Int64
        /// 64 hex digits.
        package var sha256: String

        package init(path: String, bytes: Int64, sha256: String) {
            self.path = path
            self.bytes = bytes
            self.sha256 = sha256
        }
    }
}

extension BackupManifest {
    /// Where things are in a backup, from its top.
    package enum Place {
        /// A ``BackupManifest``.
        package static let manifest = "manifest.json"
        /// A copy of the store, of one moment.
        package static let store = "store.db"
        /// ``SealedKeys``.
        package static let keys = "keys.sealed"
        /// The host's configuration, where it has a file.
        package static let configuration = "roost.toml"
        /// An OCI layout.
        package static let images = "images"
        /// A folder for each volume that holds something.
        package static let volumes = "volumes"
        /// Files and folders of the state that are taken as they are.
        package static let plain = ["host.json", "network.json", "activity.jsonl", "rollouts"]
        /// Those of which nobody without the recovery key may read anything.
        package static let sealed = ["keys", "api-tls", "env", "backup"]
        /// A volume's snapshot within its folder.
        package static let snapshot = "content"
        /// The copy of a volume that is a folder, within its own.
        package static let folder = "files"

        /// What a backup has of a volume.
        package static func volume(_ id: String) -> String { "\(volumes)/\(id)" }
    }

    /// What is worth a word though the backup is whole.
    package var notes: [String] {
        absent.map { "image \($0) is not whole on this host, and not in it" }
            + unreadable.map {
                "the record \($0) can't be read, and its image may not be in it: roost store repair \($0)"
            }
    }

    /// All bytes that a restore writes before it is done, about.
    package var totalBytes: Int64 {
        files.reduce(0) { $0 + $1.bytes } + volumes.reduce(0) { $0 + $1.content.dataBytes }
    }

    /// What is wrong with what was stored: files that are not there, or have another size; the first few.
    ///
    /// restic passes over a source that is missing and says that all is well, so the two are compared.
    ///
    /// - Parameter stored: sizes of all files that the repository has for this backup, by path from its top.
    /// - Returns: a sentence each; none for a backup that is whole.
    package func objections(to stored: [String: Int64]) -> [String] {
        var found: [String] = []
        if stored[Place.manifest] == nil { found.append("\(Place.manifest) is not in it") }
        for file in files {
            guard let bytes = stored[file.path] else {
                found.append("\(file.path) is not in it")
                continue
            }
            if bytes != file.bytes { found.append("\(file.path) has \(bytes) bytes in it, and had \(file.bytes)") }
        }
        var counts: [Substring: Int] = [:]
        for path in stored.keys where path.hasPrefix("\(Place.volumes)/") {
            let id = path.dropFirst(Place.volumes.utf8.count + 1).prefix { $0 != "/" }
            counts[id, default: 0] += 1
        }
        for volume in volumes {
            let there = counts[volume.id[...]] ?? 0
            guard there < volume.content.files else { continue }
            found.append("volume \(volume.id) has \(there) of its \(volume.content.files) files in it")
        }
        return found
    }
}
