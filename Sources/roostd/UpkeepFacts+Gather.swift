import ControlPlane
import Foundation
import Model
import Runtime
import Store
import Toolkit

extension UpkeepFacts {
    /// Looks at what a host holds; changes nothing.
    static func gather(_ config: HostConfig, _ store: StoreInspection?) async -> UpkeepFacts {
        let now = Timestamp.now()
        var facts = UpkeepFacts(at: now)
        facts.certificates = (store?.certificates ?? []).compactMap { one in
            one.presented(at: now).map {
                .init(name: one.hostname, notBefore: $0.notBefore, notAfter: $0.notAfter, isCustom: $0 == one.custom)
            }
        }
        facts.revision = store?.revision
        if let newest = StoreCopies(config.paths).all().first {
            let changed = try? FileManager.default.attributesOfItem(atPath: newest.path)[.modificationDate] as? Date
            let milliseconds = Int64((changed ?? Date()).timeIntervalSince1970 * 1000)
            facts.copy = .init(made: Timestamp(milliseconds: milliseconds), revision: newest.revision)
        }
        // Only root sees them; before the first start there is nothing to keep.
        if store != nil, geteuid() == 0 { facts.backups = backups(config) }
        facts.ordersCertificates = config.acme != nil
        facts.plainPorts = config.listen.compactMap { try? ListenFlag.parse($0).port }
        if !HostName.isLocal(config.domain) {
            facts.domain = Domain(
                name: config.domain,
                leadsTo: await resolve("roost-doctor.\(config.domain)"),
                own: Addresses.ofHost()
            )
        }
        let usage = Command("timeout", ["10", "du", "-x", "-m", "--max-depth=1", config.paths.state])
        facts.rooms = rooms((try? await usage.run().output) ?? "", of: config.paths.state)
        return facts
    }

    private static func backups(_ config: HostConfig) -> Backups {
        let folder = BackupFolder(config.paths)
        var backups = Backups(every: config.backup.policy.every)
        let settings = try? folder.settings()
        backups.repository = settings?.repository
        backups.isReady = settings?.isSaved ?? false
        backups.status = folder.status
        return backups
    }

    /// By the host's own resolver, which may take its time.
    private static func resolve(_ name: String) async -> [String] {
        let told = try? await Command("timeout", ["5", "getent", "ahosts", name]).run().output
        let addresses = (told ?? "").split(separator: "\n").compactMap {
            $0.split(separator: " ").first.map(String.init)
        }
        return Set(addresses).sorted()
    }
}
