import Foundation
package import Model
import Synchronization
import Toolkit

/// The edge's copy of its routes on disk: a whole table, and beside it what has changed since, a line each.
///
/// So keeping a change costs what the change is, not what all routes are. A line that a power cut has torn, and what comes
/// after it, is as if it had not been written.
package final class RouteCopy: Sendable {
    private let path: String
    private let state = Mutex(State())
    /// Changes beyond this and beyond the table's own size are written out as a whole table.
    private let room: Int

    private struct State {
        /// What is on disk; nil before this process has written anything.
        var revision: Int64?
        var tableBytes = 0
        var changedBytes = 0
    }

    /// `path` is the whole table's; its changes are in `<path>.changes`, and written out as a table when there are more than
    /// `room` bytes of them and more than of the table itself.
    package init(path: String, room: Int = 64 << 10) {
        self.path = path
        self.room = room
    }

    /// What was kept last; nil when there is nothing that can be read.
    package static func load(path: String) -> RouteTable? {
        guard let data = FileManager.default.contents(atPath: path),
            var table = try? JSON.decode(RouteTable.self, from: data, what: path)
        else { return nil }
        let lines = FileManager.default.contents(atPath: changesPath(path)) ?? Data()
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            guard let changes = try? JSON.decode(RouteChanges.self, from: Data(line), what: path) else { break }
            // Those of an earlier table are left when that of a later one was written and they were not yet removed.
            if changes.revision <= table.revision { continue }
            // A route is replaced as a whole, so that one which has a change already may be told it again.
            guard changes.base <= table.revision else { break }
            table.apply(changes)
        }
        return table
    }

    /// Keeps changes; blocks.
    ///
    /// `whole` is the table with them, asked for only where that has to be written.
    package func keep(_ changes: RouteChanges, whole: () -> RouteTable) throws(Fault) {
        try state.withLock { state throws(Fault) in
            guard changes.base > 0, let kept = state.revision, changes.base <= kept,
                state.changedBytes < max(room, state.tableBytes)
            else { return try write(whole(), &state) }
            // The whole table that was written for an earlier change had these in it.
            guard changes.revision > kept else { return }
            let line = try JSON.encode(changes) + Data("\n".utf8)
            // Whether a write that fails has left a part of the line is not known: the next is a whole table.
            state.revision = nil
            try Durable.append(line, to: Self.changesPath(path), mode: 0o600)
            state.revision = changes.revision
            state.changedBytes += line.count
        }
    }

    // MARK: - Private

    private static func changesPath(_ path: String) -> String { "\(path).changes" }

    private func write(_ table: RouteTable, _ state: inout State) throws(Fault) {
        state.revision = nil
        let data = try JSON.encode(table)
        try Durable.write(data, to: path, mode: 0o600)
        guard unlink(Self.changesPath(path)) == 0 || errno == ENOENT else {
            throw Durable.fault(errno, "remove", Self.changesPath(path))
        }
        state = State(revision: table.revision, tableBytes: data.count, changedBytes: 0)
    }
}
