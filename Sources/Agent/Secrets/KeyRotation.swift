package import Model
package import Store
package import Toolkit

/// Gives a host a new key, and seals to it all that was sealed to older ones.
package actor KeyRotation {
    private let store: any StateStore
    private let keys: HostKeys
    private var isUnderWay = false

    package init(store: any StateStore, keys: HostKeys) {
        self.store = store
        self.keys = keys
    }

    /// Does it; cut off at any point, it is done by the next time, and until then every secret can be opened.
    ///
    /// - Returns: the new key's name, and how many values were sealed anew.
    package func rotate() async throws -> KeyRotationAnswer {
        guard !isUnderWay else { throw Fault(.invalidState, "another rotation of the keys is under way") }
        isUnderWay = true
        defer { isUnderWay = false }
        let key = try keys.makeKey()
        var count = 0
        // Again until nothing is left: somebody may have sealed to the old key while it was exchanged.
        while true {
            let moved = try await move(to: key)
            if moved == 0 { break }
            count += moved
        }
        try keys.forget(except: key)
        return KeyRotationAnswer(key: key, secrets: count)
    }

    // MARK: - Private

    private func move(to key: String) async throws -> Int {
        let sealer = try keys.sealer()
        var count = 0
        for old in try await store.secrets.list() where old.secrets.values.contains(where: { $0.key != key }) {
            do {
                try await store.secrets.update(old.key, missing: Fault(.corrupt, "gone")) { set in
                    for (name, secret) in set.secrets where secret.key != key {
                        let value = try keys.opener.open(secret, app: set.app, name: name)
                        var new = try sealer.seal(value, app: set.app, name: name, now: secret.createdAt)
                        new.updatedAt = secret.updatedAt
                        set.secrets[name] = new
                    }
                }
                count += old.secrets.count { $0.value.key != key }
            } catch let fault as Fault where fault.code == .corrupt && fault.message == "gone" {
                // Its app was destroyed meanwhile.
                continue
            }
        }
        return count
    }
}
