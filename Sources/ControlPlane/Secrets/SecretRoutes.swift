import Hummingbird
import Model
import Store
import Toolkit

/// `/v1/apps/{app}/secrets`: values come in and are sealed; none ever goes out, whatever is asked.
///
/// > Source: `machines-api`, section 12.
struct SecretRoutes {
    let apps: Apps
    let ledger: SecretLedger
    /// Gives the host a new key.
    let rotate: @Sendable () async throws -> KeyRotationAnswer

    private struct One: Encodable {
        var secret: SecretView
        var version: Int

        func encode(to encoder: any Encoder) throws {
            try secret.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(version, forKey: .version)
        }

        private enum Key: CodingKey {
            case version
        }
    }

    private struct Value: Decodable {
        var value: String?
    }

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/apps/:app/secrets") { _, context in
            try JSONAnswer.make(try await answer(try await ledger.head(try await app(context))))
        }
        router.post("/v1/apps/:app/secrets") { request, context in
            let app = try await app(context)
            let change = try await request.json(SecretsChange.self)
            return try JSONAnswer.make(try await answer(try await ledger.change(app, change.values)))
        }
        router.get("/v1/apps/:app/secrets/:name") { _, context in
            let set = try await ledger.head(try await app(context))
            return try JSONAnswer.make(try await one(set, try context.parameters.require("name")))
        }
        router.post("/v1/apps/:app/secrets/:name") { request, context in
            let app = try await app(context)
            let name = try context.parameters.require("name")
            guard let value = try await request.json(Value.self).value else {
                throw Fault(.invalidRequest, "the body has no \"value\"")
            }
            let set = try await ledger.change(app, [name: value])
            return try JSONAnswer.make(try await one(set, name), status: .created)
        }
        router.delete("/v1/apps/:app/secrets/:name") { _, context in
            let app = try await app(context)
            let name = try context.parameters.require("name")
            _ = try await one(try await ledger.head(app), name)
            let set = try await ledger.change(app, [name: nil])
            return try JSONAnswer.make(["version": set.version])
        }
        router.post("/v1/secrets/rotate") { _, _ in try JSONAnswer.make(try await rotate()) }
    }

    // MARK: - Private

    private func app(_ context: BasicRequestContext) async throws -> String {
        try await apps.get(try context.parameters.require("app")).name
    }

    private func answer(_ set: SecretSet) async throws -> SecretsAnswer {
        var running: [SecretSet?] = []
        for machine in try await apps.store.managedMachines(set.app) {
            guard let version = machine.secretsVersion else {
                running.append(nil)
                continue
            }
            running.append(version == set.version ? set : try await ledger.version(set.app, version))
        }
        return SecretsAnswer(secrets: SecretView.all(set, running: running), version: set.version)
    }

    private func one(_ set: SecretSet, _ name: String) async throws -> One {
        guard let view = try await answer(set).secrets.first(where: { $0.name == name }) else {
            throw Fault(
                .secretNotFound,
                "\(set.app) has no secret \(ConfigNode.quoted(name))",
                hint: "those there are: roost secrets list -a \(set.app)"
            )
        }
        return One(secret: view, version: set.version)
    }
}
