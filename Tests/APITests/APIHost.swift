import Agent
import Certificates
import FakeRuntime
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Model
import NIOCore
import Runtime
import Store
import Testing
import Toolkit

@testable import ControlPlane

/// The whole API on an agent whose processes are made up.
struct APIHost: Sendable {
    let store: MemoryStore
    let runtime: FakeRuntime
    let agent: LocalAgent
    let api: API
    let volumes: FakeVolumes
    let machines: Machines
    let root: any TestClientProtocol
    let network: any TestClientProtocol

    static let digest = "sha256:" + String(repeating: "a", count: 64)
    static let image = "roost/a@\(digest)"

    /// Runs `body` with clients at both doors.
    static func with(_ body: @escaping @Sendable (APIHost) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "roost-api-\(UUID())").path
        try Durable.makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let prober = Prober()
        let (store, runtime) = (MemoryStore(), FakeRuntime())
        let agent = LocalAgent(host: services(store, runtime, prober))
        let volumes = FakeVolumes()
        let (api, machines) = try make(store, agent, volumes, folder)
        try await agent.adopt()
        let task = Task { try await agent.run() }
        defer { task.cancel() }
        do {
            try await door(api, isSocket: true).test(.router) { root in
                try await door(api, isSocket: false).test(.router) { network in
                    try await body(
                        APIHost(
                            store: store,
                            runtime: runtime,
                            agent: agent,
                            api: api,
                            volumes: volumes,
                            machines: machines,
                            root: root,
                            network: network
                        )
                    )
                }
            }
        } catch {
            throw error
        }
    }

    private static func door(_ api: API, isSocket: Bool) -> some ApplicationProtocol {
        let door: @Sendable (any Channel) -> Door = { isSocket ? .socket : .network($0) }
        return Application(
            responder: DoorResponder(inner: api.router().buildResponder(), door: door),
            logger: quiet
        )
    }

    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func services(_ store: MemoryStore, _ runtime: FakeRuntime, _ prober: Prober) -> HostServices {
        let image = Image(digest: digest, layers: [], config: .init(cmd: ["true"]))
        return HostServices(
            name: "here",
            region: "local",
            runtime: runtime,
            store: store,
            prober: prober,
            image: { _ in (image, []) },
            volumeFolder: { volume, _, _ in "/volumes/\(volume.id)" },
            removeVolumeFolder: { _ in },
            freeAddress: { Machine.Address(ipv4: "127.0.0.1", ipv6: "::\($1.count + 1)") },
            readLog: { _, _, _ in LogFeed() },
            logger: quiet
        )
    }

    private static func make(
        _ store: MemoryStore,
        _ agent: LocalAgent,
        _ volumes: FakeVolumes,
        _ folder: String
    ) throws -> (API, Machines) {
        let edges = EdgeLink(store: store, domain: "localhost", fleet: agent, logger: quiet)
        let rollouts = Rollouts(
            store: store,
            fleet: agent,
            edges: edges,
            secrets: SecretLedger(store: store, keys: HostKeys(folder: "\(folder)/keys"), files: nil),
            settings: Rollouts.Settings(
                region: "local",
                domain: "localhost",
                url: { "http://\($0).localhost" },
                forgetApp: { _ in },
                collectImages: { _, _ in 0 }
            ),
            journal: RolloutJournal(folder: folder),
            logger: quiet,
            build: { _, _, _ in Image(digest: digest, layers: [], config: .init()) }
        )
        var apps = Apps(
            store: store,
            fleet: agent,
            edges: edges,
            rollouts: rollouts,
            tryouts: Tryouts(rollouts: rollouts, logger: quiet, version: { _ in nil }),
            domain: "localhost",
            logger: quiet
        )
        let machines = Machines(
            store: store,
            fleet: agent,
            edges: edges,
            settings: Machines.Settings(
                region: "local",
                holds: { $0 == digest },
                pull: { _, name in
                    guard name.hasPrefix("docker.io/library/good") else {
                        throw Fault(.buildFailed, "the image \(name) could not be pulled")
                    }
                    return digest
                }
            )
        )
        let keys = KeyFolder(folder: "\(folder)/certificate-keys")
        let certificates = CertificateKeeper(
            store: store,
            tools: CertificateKeeper.Tools(
                keys: keys,
                local: try LocalAuthority(keys: keys, host: "test", at: .now()),
                acme: nil
            ),
            book: CertificateBook(),
            domain: "localhost",
            logger: quiet
        )
        apps.certificates = HostCertificates(keeper: certificates)
        var parts = API.Parts(
            apps: apps,
            machines: machines,
            volumes: Volumes(store: store, fleet: agent, keeper: volumes, region: "local", host: "here"),
            rollouts: (
                rollouts, SourceDesk(missing: { _ in [] }, begin: { _, _ in throw CancellationError() }),
                Workbench(pythons: { [] }, bases: { _ in [] })
            ),
            access: (
                Tokens(store: store), ActivityLog(path: "\(folder)/activity.jsonl", store: store, logger: quiet)
            )
        )
        parts.consoles = Consoles(rollouts: rollouts, sessions: agent, open: OpenSessions(), logger: quiet)
        parts.addresses = AppAddresses(apps: apps) { HostAddresses(ipv4: "203.0.113.5", ipv6: "2001:db8::5") }
        parts.strangers = StrangerDesk(list: { [] }, adopt: { _ in throw CancellationError() }, destroy: { _ in })
        let settings = BackupSettings(repository: "/b", recoveryKey: "", keyID: "k", createdAt: .now())
        parts.backups = BackupDesk(
            view: { BackupView(settings: settings, status: BackupStatus()) },
            begin: { throw Fault(.invalidState, "a backup is under way: sending") }
        )
        parts.care = StoreCare(
            try SQLiteStore(path: "\(folder)/other.db"),
            StoreCopies(database: "\(folder)/other.db", folder: folder)
        )
        parts.alerts = AlertWatch(
            AlertSettings(),
            .init(page: { Exposition() }, busy: { [] }, send: { _, _ in }, ask: { _ in }),
            host: "here",
            file: "\(folder)/alerts.json",
            logger: quiet
        )
        parts.logDrains = LogDrains(
            LogDrainSettings(),
            .init(store: store, tap: { _, _ in LogTap { LogBatch() } }, send: { _, _ in .failed("no receiver") }),
            folder: "\(folder)/log-drains",
            region: "local",
            logger: quiet
        )
        parts.disk = DiskDesk(
            DiskGuard(
                folder: folder,
                limits: DiskLimits(),
                logger: quiet,
                look: { DiskRoom(bytes: 100 << 30, free: 90 << 30) }
            ),
            store: store,
            folder: folder,
            sizes: DiskDesk.Sizes(
                purposes: {
                    [
                        .init(name: "build caches", bytes: 1, isSpare: true),
                        .init(name: "images", bytes: 2, isSpare: false),
                    ]
                },
                machine: { Int64($0.text.utf8.count) },
                volume: { _ in 0 },
                caches: { _ in 1 }
            )
        )
        parts.metrics = MetricsDesk(
            host: "a1b2",
            sources: [
                { await agent.metrics(for: $0) }, { await edges.metrics(for: $0, region: "local", host: "a1b2") },
                { viewer in
                    var page = Exposition()
                    if viewer.seesHost { page.sample(.apps, Exposition.Labels([("region", "local")]), 1) }
                    return page
                },
            ]
        )
        return (API(parts, logger: quiet), machines)
    }
}

/// What came back.
struct Answer: Sendable {
    var status: Int
    var text: String

    var json: JSONValue { (try? JSONValue.parse(text.utf8, what: "answer")) ?? .null }
    var error: String { json["error"]?.string ?? "" }
}

extension APIHost {
    /// Asks as root on the host, or over the network with a token.
    func ask(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        token: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        var fields = HTTPFields()
        if let token, !token.isEmpty { fields[.authorization] = "Bearer \(token)" }
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        let client = token == nil ? root : network
        return try await client.execute(
            uri: path,
            method: HTTPRequest.Method(method) ?? .get,
            headers: fields,
            body: body.map { ByteBuffer(string: $0) }
        ) { Answer(status: $0.status.code, text: String(buffer: $0.body)) }
    }

    /// Makes an app.
    func makeApp(_ name: String = "a") async throws {
        #expect(try await ask("POST", "/v1/apps", #"{"app_name":"\#(name)","org_slug":"personal"}"#).status == 201)
    }

    /// Makes a Machine and gives its ID.
    func makeMachine(_ more: String = "", config: String = "", app: String = "a") async throws -> String {
        let body = #"{"config":{"image":"\#(Self.image)"\#(config)}\#(more)}"#
        let answer = try await ask("POST", "/v1/apps/\(app)/machines", body)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json["id"]?.string ?? ""
    }

    /// Makes a token and gives its text.
    func makeToken(_ body: String) async throws -> String {
        let answer = try await ask("POST", "/v1/tokens", body)
        #expect(answer.status == 201, "\(answer.text)")
        return answer.json["token"]?.string ?? ""
    }

    func wait(_ id: String, _ state: String, app: String = "a") async throws {
        let answer = try await ask("GET", "/v1/apps/\(app)/machines/\(id)/wait?state=\(state)&timeout=10")
        #expect(answer.status == 200, "\(answer.text)")
    }
}
