import Agent
import Foundation
import Logging
import Model
import Store
import Toolkit

extension HostIdentity {
    /// Who this host is, by its state folder; written there when that is new.
    ///
    /// - Throws: ``Fault`` of the disk, or `newerVersion`.
    static func load(_ config: HostConfig, _ store: SQLiteStore, _ logger: Logger) async throws -> HostIdentity {
        let path = config.paths.identity
        var stored: HostIdentity?
        if let data = FileManager.default.contents(atPath: path) {
            do throws(Fault) {
                stored = try JSON.decode(HostIdentity.self, from: data, what: path)
            } catch {
                if error.code == .newerVersion { throw error }
                // The records say who it is as well.
                rename(path, "\(path).damaged")
                logger.error("identity of the host unreadable, moved aside", error: error)
            }
        }
        // This store is one host's alone, so all its records are.
        var recorded = Set(try await store.machines.list { _, _ in }.map(\.host))
        recorded.formUnion(try await store.volumes.list { _, _ in }.map(\.host))
        let identity = HostIdentity.decide(stored: stored, name: config.host, recorded: recorded.subtracting([""]))
        if let stored, stored.name != identity.name {
            logger.notice(
                "host has another name now",
                metadata: ["host": "\(identity.name)", "before": "\(stored.name)"]
            )
        }
        if identity != stored { try Durable.write(try JSON.encode(identity), to: path, mode: 0o600) }
        return identity
    }
}

extension HostServices {
    /// Whose records are this host's own.
    mutating func identify(_ identity: HostIdentity) {
        name = identity.id
        label = String(Digest.hex(Data(identity.id.utf8)).prefix(4))
        formerNames = Set(identity.formerNames)
    }
}
