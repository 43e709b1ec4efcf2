import Foundation
import Model
import Toolkit

/// One line of the record of changes; it carries the hash of the line before.
struct ActivityEntry: Equatable, Sendable {
    /// What was asked and what came of it.
    struct Call: Equatable, Sendable {
        var actor: String
        var token: String?
        var from: String
        var method: String
        var path: String
        /// The HTTP status.
        var status: Int
        var error: String?
    }

    /// Counts from 1.
    var number: Int64
    var at: Timestamp
    var call: Call
    /// Of the entry before; 64 zeros for the first one.
    var previous: String
    var hash: String

    static let start = String(repeating: "0", count: 64)

    init(number: Int64, at: Timestamp, call: Call, previous: String) {
        self.number = number
        self.at = at
        self.call = call
        self.previous = previous
        hash = ""
        hash = Digest.hex(Data(JSONValue.object(members).text.utf8))
    }

    /// Reads a line.
    ///
    /// - Throws: ``Fault`` `corrupt` when it is none, or its hash is not that of what it says.
    init(line: some StringProtocol) throws(Fault) {
        let value: JSONValue
        do {
            value = try JSONValue.parse(Array(line.utf8), what: "line")
        } catch {
            throw Fault(.corrupt, error.message)
        }
        guard let number = value["number"]?.int, let at = value["at"]?.int, let actor = value["actor"]?.string,
            let from = value["from"]?.string, let method = value["method"]?.string, let path = value["path"]?.string,
            let status = value["status"]?.int, let previous = value["previous"]?.string
        else { throw Fault(.corrupt, "a part of the entry is missing") }
        let call = Call(
            actor: actor,
            token: value["token"]?.string,
            from: from,
            method: method,
            path: path,
            status: Int(truncatingIfNeeded: status),
            error: value["error"]?.string
        )
        self.init(number: number, at: Timestamp(milliseconds: at), call: call, previous: previous)
        guard value["hash"]?.string == hash, self.line == line else {
            throw Fault(.corrupt, "entry \(number) does not have the hash of what it says")
        }
    }

    /// As it stands in the file.
    var line: String { JSONValue.object(members.merging(["hash": .string(hash)]) { $1 }).text }

    /// As the API shows it.
    var wire: JSONValue {
        var all = members
        all["hash"] = .string(hash)
        all["at"] = .string(at.rfc3339)
        return .object(all)
    }

    private var members: [String: JSONValue] {
        var all: [String: JSONValue] = [
            "number": .int(number), "at": .int(at.milliseconds), "actor": .string(call.actor),
            "from": .string(call.from), "method": .string(call.method), "path": .string(call.path),
            "status": .int(Int64(call.status)), "previous": .string(previous),
        ]
        if let token = call.token { all["token"] = .string(token) }
        if let error = call.error { all["error"] = .string(error) }
        return all
    }
}

/// Whether a record of changes is whole.
struct ActivityVerdict: Equatable, Sendable {
    var entries: Int64 = 0
    /// The hash of the last entry.
    var head = ActivityEntry.start
    /// What is wrong with it, first things first; empty when nothing is.
    var problems: [String] = []

    /// Follows the chain from its first line.
    ///
    /// - Parameters:
    ///   - lines: the file's.
    ///   - anchor: number and hash of an entry that is known to have been written; the file may go on after it.
    init(_ lines: some Sequence<Substring>, anchor: (number: Int64, hash: String)?) {
        var found: [Int64: String] = [:]
        for (index, line) in lines.enumerated() {
            do throws(Fault) {
                let entry = try ActivityEntry(line: line)
                if entry.number != entries + 1 || entry.previous != head {
                    problems.append("line \(index + 1): entry \(entry.number) does not follow entry \(entries)")
                }
                (entries, head) = (entry.number, entry.hash)
                if entry.number == anchor?.number { found[entry.number] = entry.hash }
            } catch {
                problems.append("line \(index + 1): \(error.message)")
            }
        }
        if let anchor, anchor.number > 0, found[anchor.number] != anchor.hash {
            problems.append("entry \(anchor.number), which was written once, is not there any more as it was")
        }
    }
}
