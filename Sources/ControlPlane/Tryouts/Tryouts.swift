import Foundation
package import Logging
import Model
import Store
import Toolkit

/// The throw-aways beside apps: each an app of its own with one Machine, which only the other app's Machines reach.
///
/// Asked for again, what is there already stays as it is; so a client that went away simply asks once more.
package actor Tryouts {
    private let store: any StateStore
    private let fleet: any Fleet
    private let rollouts: Rollouts
    private let secrets: SecretLedger
    /// The version of the service in an image; nil when it does not say.
    private let version: @Sendable (_ digest: String) -> String?
    private let logger: Logger

    package init(
        rollouts: Rollouts,
        logger: Logger,
        version: @escaping @Sendable (String) -> String?
    ) {
        store = rollouts.store
        fleet = rollouts.fleet
        self.rollouts = rollouts
        secrets = rollouts.secrets
        self.version = version
        self.logger = logger
    }

    /// Brings the throw-aways of an app a step further: makes them, or sets the variables once they run.
    ///
    /// - Returns: how far each one is. While one is not ready its roll-out can be followed; then this is asked again.
    func ask(_ app: App, _ request: TryoutRequest) async throws -> TryoutAnswer {
        guard !app.destroying else { throw Fault(.invalidState, "app \(app.name) is being destroyed") }
        if let tryout = app.tryout {
            throw Fault(.invalidRequest, "\(app.name) is itself a throw-away of \(tryout.of)")
        }
        // All of them before the first is made.
        for wish in request.wishes {
            try wish.check()
            _ = try Tryout.name(of: app.name, wish.kind)
        }
        var answer = TryoutAnswer()
        for wish in request.wishes {
            let name = try Tryout.name(of: app.name, wish.kind)
            let record = try await record(name, for: app.name, wish, by: request.user)
            var service = TryoutAnswer.Service(app: name, kind: wish.kind, rollout: nil, isReady: false)
            if let machine = try await running(record, wish) {
                service.version = version(machine.spec.config.imageDigest)
                try await connect(app.name, record, machine, &answer)
                service.isReady = true
            } else {
                service.rollout = try await rollout(name, wish, by: request.user)
            }
            answer.services.append(service)
        }
        return answer
    }

    /// Takes away the variables that lead to a throw-away which is about to go; those that were changed since stay.
    func disconnect(_ record: App) async throws {
        guard let tryout = record.tryout, let kind = TryoutKind(rawValue: tryout.kind),
            let machine = try await store.machines.list("\(record.name)/", unreadable: { _, _ in }).first,
            let parts = try parts(record.name, tryout, kind, machine)
        else { return }
        let set = try await secrets.head(tryout.of).secrets
        var changes: [String: String?] = [:]
        for connection in tryout.connections {
            let name = connection.variable
            let digest = try secrets.digest(connection.form.value(parts), app: tryout.of, name: name)
            if set[name]?.digest == digest { changes[name] = .some(nil) }
        }
        if !changes.isEmpty { _ = try await secrets.change(tryout.of, changes) }
    }

    // MARK: - Private

    /// The throw-away's app, made or brought up to what is wished now.
    private func record(_ name: String, for app: String, _ wish: TryoutWish, by user: String) async throws -> App {
        var fresh = App(name: name, createdAt: .now(), owner: user)
        fresh.tryout = Tryout(of: app, wish)
        // Its app has to reach it.
        fresh.ownNetwork = try await store.apps.get(app)?.value.ownNetwork
        do {
            // The password first: a record without one could start nothing.
            if try await store.apps.get(name) == nil { try await makeSecrets(name, fresh.tryout, wish) }
            try await store.apps.put(name, fresh, expected: 0)
            logger.notice("throw-away made", metadata: ["app": "\(name)", "for": "\(app)"])
            return fresh
        } catch let fault as Fault where fault.code == .revisionConflict {
            return try await store.apps.update(name, missing: Fault(.appNotFound, "app \(name) is gone")) { record in
                guard !record.destroying, var tryout = record.tryout, tryout.of == app else {
                    throw Fault(
                        .nameTaken,
                        "the throw-away would be named \(name), and there is another app of that name",
                        hint: "roost apps list shows it"
                    )
                }
                // Its data was made for the user and the database of the first time.
                tryout.extras = wish.extras
                let names = Set(wish.connections.map(\.variable))
                tryout.hosts = wish.hosts
                tryout.connections = tryout.connections.filter { !names.contains($0.variable) } + wish.connections
                record.tryout = tryout
            }
        }
    }

    private func makeSecrets(_ name: String, _ tryout: Tryout?, _ wish: TryoutWish) async throws {
        guard let tryout, try await secrets.head(name).secrets["ROOST_PASSWORD"] == nil else { return }
        let password = try secrets.password(for: name)
        var values = ["ROOST_USER": tryout.user, "ROOST_DATABASE": tryout.database, "ROOST_PASSWORD": password]
        if wish.isOpen || !tryout.needsPassword { values["ROOST_OPEN"] = "1" }
        _ = try await secrets.change(name, values.mapValues { .some($0) })
    }

    /// The Machine of a throw-away that runs what is wished; one that stands still is started.
    private func running(_ record: App, _ wish: TryoutWish) async throws -> Machine? {
        guard try await store.deployUnderWay(record.name) == nil, let version = record.currentRelease,
            let release = try await store.releases.get(Release.key(record.name, version))?.value,
            release.config.build.image == ServiceReference(wish.kind, extras: wish.extras).text,
            let machine = try await store.machines.list("\(record.name)/").first
        else { return nil }
        if machine.status.state.process == nil { try await fleet.start(machine.id) }
        return machine
    }

    private func rollout(_ name: String, _ wish: TryoutWish, by user: String) async throws -> Rollout {
        if let rollout = try await store.deployUnderWay(name) { return rollout }
        var request = DeployRequest(config: wish.config(name), manifest: nil, user: user, lines: [:])
        request.highAvailability = false
        return try await rollouts.begin(name, request)
    }

    private func connect(_ app: String, _ record: App, _ machine: Machine, _ answer: inout TryoutAnswer) async throws {
        guard let tryout = record.tryout, let kind = TryoutKind(rawValue: tryout.kind),
            let parts = try parts(record.name, tryout, kind, machine)
        else { throw Fault(.corrupt, "throw-away \(record.name) has no address") }
        let set = try await secrets.head(app).secrets
        var changes: [String: String?] = [:]
        for connection in tryout.connections {
            let value = connection.form.value(parts)
            let digest = try secrets.digest(value, app: app, name: connection.variable)
            switch set[connection.variable]?.digest {
            case digest?: break
            case nil:
                changes[connection.variable] = .some(value)
                answer.set.append(connection.variable)
            default: answer.kept.append(connection.variable)
            }
        }
        if !changes.isEmpty { _ = try await secrets.change(app, changes) }
    }

    private func parts(
        _ name: String,
        _ tryout: Tryout,
        _ kind: TryoutKind,
        _ machine: Machine
    ) throws -> ConnectionForm.Parts? {
        guard let address = machine.status.address else { return nil }
        return ConnectionForm.Parts(
            host: address.ipv4,
            port: String(kind.port),
            user: tryout.user,
            // The host can tell it again; what is sealed nobody here can open.
            password: try secrets.password(for: name),
            database: tryout.database
        )
    }
}
