package import Model
import Toolkit

/// What the records of a store say that a backup needs.
package struct BackupRecords: Sendable {
    private let entries: [Entry]

    /// All records of a store.
    package init(_ entries: [Entry]) { self.entries = entries }

    /// The apps, the first by name first; a record that can't be read is one of the store's troubles, and stays in it.
    package var summaries: [BackupManifest.App] {
        var all: [BackupManifest.App] = []
        for entry in entries where entry.key.hasPrefix("/apps/") {
            let name = String(entry.key.dropFirst("/apps/".count))
            let app = try? JSON.decode(App.self, from: entry.value, what: entry.key)
            all.append(
                .init(
                    name: name,
                    release: app?.currentRelease,
                    releases: count("/releases/\(name)/"),
                    machines: count("/machines/\(name)/")
                )
            )
        }
        return all
    }

    /// Those that hold something and are to stay.
    ///
    /// - Throws: ``Fault`` for a record that can't be read: its volume would be left out without a word.
    package func volumes() throws(Fault) -> [Volume] {
        var all: [Volume] = []
        for entry in entries where entry.key.hasPrefix("/volumes/") {
            do throws(Fault) {
                all.append(try JSON.decode(Volume.self, from: entry.value, what: "the store's \(entry.key)"))
            } catch {
                throw Fault(.corrupt, error.message, hint: "put an older one back: roost store repair \(entry.key)")
            }
        }
        return all.filter { $0.filledFrom == nil && !$0.isLeaving }
    }

    /// Digests of what Machines run, and of the release in service and the one before it of each app.
    package var images: [String] {
        var wanted: Set<String> = []
        for (_, machine) in read("/machines/", Machine.self) {
            if let digest = (machine?.spec.config.image).flatMap({ Image.digest(in: $0) }) { wanted.insert(digest) }
        }
        for app in summaries {
            let current = app.release ?? .max
            let good = read("/releases/\(app.name)/", Release.self).compactMap(\.value).filter {
                $0.version <= current && ($0.status == .complete || $0.version == current)
            }
            for release in good.suffix(2) { wanted.insert(release.image) }
        }
        return wanted.sorted()
    }

    /// Keys of records that can't be read and may name an image.
    package var unreadable: [String] {
        read("/machines/", Machine.self).filter { $0.value == nil }.map(\.key)
            + read("/releases/", Release.self).filter { $0.value == nil }.map(\.key)
    }

    // MARK: - Private

    private func count(_ prefix: String) -> Int { entries.count { $0.key.hasPrefix(prefix) } }

    private func read<Value: Decodable>(_ prefix: String, _: Value.Type) -> [(key: String, value: Value?)] {
        entries.filter { $0.key.hasPrefix(prefix) }.map { entry in
            (entry.key, try? JSON.decode(Value.self, from: entry.value, what: entry.key))
        }
    }
}
