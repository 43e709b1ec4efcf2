package import Model
package import Store
package import Toolkit

/// The one place where secrets are opened: for a process that is about to start.
package struct MachineSecrets: Sendable {
    private let ledger: SecretLedger
    private let opener: SecretOpener

    package init(ledger: SecretLedger, opener: SecretOpener) {
        self.ledger = ledger
        self.opener = opener
    }

    /// What a Machine's processes are told: the version that its configuration names, else the newest.
    ///
    /// - Throws: ``Fault`` `corrupt` when one can't be opened; its value is in no message.
    package func values(for machine: Machine) async throws -> [String: String] {
        let config = machine.spec.config
        if config.skipsSecrets == true { return [:] }
        var set = try await ledger.head(machine.app)
        if let version = machine.secretsVersion, version != set.version {
            guard let older = try await ledger.version(machine.app, version) else {
                throw Fault(
                    .corrupt,
                    "version \(version) of \(machine.app)'s secrets, which Machine \(machine.id) runs with, is gone",
                    hint: "give it those that are set now: roost secrets deploy -a \(machine.app)"
                )
            }
            set = older
        }
        var values: [String: String] = [:]
        for (name, secret) in set.secrets where !SecretRules.platformNames.contains(name) {
            values[name] = try opener.open(secret, app: machine.app, name: name)
        }
        return config.environment?.told(values) ?? values
    }
}
