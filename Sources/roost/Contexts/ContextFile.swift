import Foundation
import Model
import Toolkit

/// Where a person's contexts are kept: a file of theirs alone, since it may hold tokens.
struct ContextFile {
    let folder: String

    var path: String { "\(folder)/contexts.json" }

    /// `$XDG_CONFIG_HOME/roost`, else `~/.config/roost`.
    init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
        let stated = environment["XDG_CONFIG_HOME"] ?? ""
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        folder = (stated.hasPrefix("/") ? stated : "\(home)/.config") + "/roost"
    }

    /// No file is no contexts.
    ///
    /// - Throws: ``Fault`` for one that can't be read.
    func read() throws(Fault) -> HostContexts {
        guard FileManager.default.fileExists(atPath: path) else { return HostContexts() }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Fault(.io, "\(path) can't be read", hint: "it has to be yours: ls -l \(path)")
        }
        do {
            return try JSON.decode(HostContexts.self, from: data, what: path)
        } catch {
            throw Fault(error.code, error.message, hint: "mend or remove it: it holds the hosts of roost context list")
        }
    }

    func write(_ contexts: HostContexts) throws(Fault) {
        try Durable.makeFolder(folder, mode: 0o700)
        try Durable.write(try JSON.encode(contexts), to: path, mode: 0o600)
    }

    func change(_ body: (inout HostContexts) throws -> Void) throws {
        var contexts = try read()
        try body(&contexts)
        try write(contexts)
    }
}
