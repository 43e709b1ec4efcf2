import Foundation
package import Model
import Toolkit

/// How far the store had come, noted outside of it: a store that is behind has lost something.
///
/// Written after each commit, in one call and without a sync. A killed process loses none of it; after a loss of power
/// only what the store had synced by then counts.
package final class HighWater: Sendable {
    /// What the file says.
    package struct Mark: Equatable, Sendable {
        /// Tells the store from any other.
        package var store: Int64
        /// Of the kernel that wrote it.
        package var boot: String
        package var seen: Int64
        /// Of the last commit that was synced.
        package var durable: Int64

        package init(store: Int64, boot: String, seen: Int64, durable: Int64) {
            self.store = store
            self.boot = boot
            self.seen = seen
            self.durable = durable
        }

        /// Of any store, by what somebody else has seen of it.
        static func least(_ revision: Int64) -> Self {
            Self(store: 0, boot: "", seen: revision, durable: revision)
        }

        /// Why a store is not the one that this host had, or not all of it; nil when it is.
        package func objection(store: Int64, revision: Int64, boot: String) -> String? {
            if self.store != 0, store != self.store { return "it is not the store that this host had" }
            let floor = boot == self.boot ? seen : durable
            guard revision < floor else { return nil }
            return "it is at revision \(revision), and this host has seen revision \(floor) of it"
        }
    }

    package let path: String
    private let descriptor: Int32
    private let boot: String

    /// Opens the file for notes, or makes it.
    package init(path: String) throws(Fault) {
        self.path = path
        boot = Self.currentBoot()
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Durable.fault(errno, "open", path) }
    }

    deinit { close(descriptor) }

    /// Notes how far the store has come; a note that can't be made costs the warning, nothing else.
    package func note(store: Int64, seen: Int64, durable: Int64) {
        let mark = Mark(store: store, boot: boot, seen: seen, durable: durable)
        guard var text = (try? JSON.encode(mark)).map({ String(decoding: $0, as: UTF8.self) }) else { return }
        // Always as long, so that the end of an older note never stands behind it.
        text += String(repeating: " ", count: max(0, 255 - text.utf8.count)) + "\n"
        text.withUTF8 { _ = pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// The mark in a file; nil when there is none that can be read.
    package static func read(_ path: String) -> Mark? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return try? JSON.decode(Mark.self, from: data, what: path)
    }

    /// Which start of the kernel this is; empty where there is no way to know.
    package static func currentBoot() -> String {
        guard let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8) else {
            return ""
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension HighWater.Mark: KeyedForm {
    package static var schema: Int? { 1 }
    package static var blank: Self { Self(store: 0, boot: "", seen: 0, durable: 0) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("store", &store)
        try form.field("boot", &boot)
        try form.need("seen", &seen)
        try form.need("durable", &durable)
    }
}
