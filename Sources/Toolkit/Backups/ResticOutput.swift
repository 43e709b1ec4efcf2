package import Model

/// What restic 0.14 says with `--json`.
package enum ResticOutput {
    /// The last line of a backup.
    package struct Summary: Equatable, Sendable {
        /// The first eight digits of the snapshot's name, as much as restic says there.
        package var snapshot: String
        package var addedBytes: Int64
        package var totalBytes: Int64
        package var files: Int64
    }

    /// A snapshot of the repository.
    package struct Snapshot: Equatable, Sendable {
        /// 64 hex digits.
        package var id: String
        package var at: Timestamp
        /// Whose it is: the ID in that host's `host.json`.
        package var host: String

        package init(id: String, at moment: Timestamp, host: String) {
            self.id = id
            at = moment
            self.host = host
        }

        /// As people name it.
        package var short: String { String(id.prefix(8)) }
    }

    /// Nil for every other line.
    package static func summary(_ line: String) -> Summary? {
        guard let value = object(line), value["message_type"]?.string == "summary",
            let snapshot = value["snapshot_id"]?.string
        else { return nil }
        return Summary(
            snapshot: snapshot,
            addedBytes: value["data_added"]?.int ?? 0,
            totalBytes: value["total_bytes_processed"]?.int ?? 0,
            files: value["total_files_processed"]?.int ?? 0
        )
    }

    /// The newest first.
    package static func snapshots(_ text: String) throws(Fault) -> [Snapshot] {
        let value = try JSONValue.parse(Array(text.utf8), what: "restic's list of snapshots")
        let all = (value.array ?? []).compactMap { one -> Snapshot? in
            guard let id = one["id"]?.string, let time = one["time"]?.string.flatMap({ Timestamp(rfc3339: $0) }) else {
                return nil
            }
            return Snapshot(id: id, at: time, host: one["hostname"]?.string ?? "")
        }
        return all.sorted { ($1.at, $1.id) < ($0.at, $0.id) }
    }

    /// The path and the size of a plain file in a list; nil for whatever else.
    package static func file(_ line: String) -> (path: String, bytes: Int64)? {
        guard let value = object(line), value["type"]?.string == "file", let path = value["path"]?.string else {
            return nil
        }
        // restic leaves the size of an empty file out.
        return (String(path.drop { $0 == "/" }), value["size"]?.int ?? 0)
    }

    // MARK: - Private

    private static func object(_ line: String) -> JSONValue? {
        guard line.hasPrefix("{") else { return nil }
        return try? JSONValue.parse(Array(line.utf8), what: "restic")
    }
}
