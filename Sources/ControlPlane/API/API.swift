import Foundation
import HTTPTypes
import Hummingbird
package import Logging
package import Model
package import ServiceLifecycle
package import Store
import Toolkit

/// The REST API: `/v1/…`, Fly's paths where Fly has them.
package struct API: Sendable {
    let parts: Parts
    let log: Logger

    /// What its routes are about.
    package struct Parts: Sendable {
        package var apps: Apps
        package var machines: Machines
        package var volumes: Volumes
        package var rollouts: Rollouts
        package var sources: SourceDesk
        package var workbench: Workbench
        package var tokens: Tokens
        package var activity: ActivityLog
        /// SHA-256 of the authority that signed the certificate of the network's door; nil where it is not ours.
        package var fingerprint: String?
        /// Nil where the host has none to tell of.
        package var strangers: StrangerDesk?
        package var care: StoreCare?
        /// Nil where nobody looks after the host's disk.
        package var disk: DiskDesk?
        /// Nil where nobody looks for alerts.
        package var alerts: AlertWatch?
        /// Nil where lines stay on the host.
        package var logDrains: LogDrains?
        /// Gives the host a new key for secrets, which takes what can open them.
        package var rotateKeys: @Sendable () async throws -> KeyRotationAnswer = {
            throw Fault(.unsupported, "this host keeps no keys")
        }
        /// Nil where nobody tells numbers.
        package var metrics: MetricsDesk?
        /// Nil where nobody makes backups.
        package var backups: BackupDesk?
        /// Calls that clients may send twice; one for all doors.
        let calls: KeyedCalls
        /// Nil where apps have no addresses to be told of.
        package var addresses: AppAddresses?
        /// Opens consoles in Machines; nil where nobody can.
        package var consoles: Consoles?

        package init(
            apps: Apps,
            machines: Machines,
            volumes: Volumes,
            rollouts: (Rollouts, SourceDesk, Workbench),
            access: (Tokens, ActivityLog)
        ) {
            self.apps = apps
            self.machines = machines
            self.volumes = volumes
            (self.rollouts, sources, workbench) = rollouts
            (tokens, activity) = access
            calls = KeyedCalls(store: machines.store)
        }
    }

    package init(_ parts: Parts, logger: Logger) {
        self.parts = parts
        log = logger
    }

    /// Serves on the unix socket, which only the owner of the daemon may open: who can open it may do everything.
    package func service(socketPath path: String) -> some Service {
        unlink(path)
        return Application(
            responder: DoorResponder(inner: router().buildResponder(), door: { _ in .socket }),
            configuration: ApplicationConfiguration(address: .unixDomainSocket(path: path), serverName: nil),
            onServerRunning: { _ in chmod(path, 0o600) },
            logger: log
        )
    }

    /// All routes, behind the one place that decides who may ask for what.
    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: FaultMiddleware(logger: log))
        router.add(middleware: Gate(tokens: parts.tokens, activity: parts.activity))
        router.add(middleware: KeyedCallGate(calls: parts.calls))
        router.get("/v1/health") { _, _ in JSONAnswer.make(.object(["status": .string("ok")])) }
        OpenAPI.add(to: router)
        AppRoutes(apps: parts.apps).add(to: router)
        SecretRoutes(apps: parts.apps, ledger: parts.rollouts.secrets, rotate: parts.rotateKeys).add(to: router)
        MachineRoutes(apps: parts.apps, machines: parts.machines).add(to: router)
        MachineVerbRoutes(apps: parts.apps, machines: parts.machines).add(to: router)
        MachineFactRoutes(apps: parts.apps, machines: parts.machines).add(to: router)
        LeaseRoutes(apps: parts.apps, machines: parts.machines).add(to: router)
        MetadataRoutes(apps: parts.apps, machines: parts.machines).add(to: router)
        VolumeRoutes(apps: parts.apps, volumes: parts.volumes).add(to: router)
        PlatformRoutes(machines: parts.machines, volumes: parts.volumes).add(to: router)
        RolloutRoutes(apps: parts.apps, rollouts: parts.rollouts).add(to: router)
        SourceRoutes(sources: parts.sources).add(to: router)
        TryoutRoutes(apps: parts.apps).add(to: router)
        BuilderRoutes(workbench: parts.workbench).add(to: router)
        LogRoutes(apps: parts.apps, machines: parts.machines).add(to: router)
        if let consoles = parts.consoles {
            ConsoleRoutes(apps: parts.apps, machines: parts.machines, consoles: consoles).add(to: router)
            NameRoutes(apps: parts.apps, machines: parts.machines, consoles: consoles).add(to: router)
        }
        if let addresses = parts.addresses { IPRoutes(addresses: addresses).add(to: router) }
        if let metrics = parts.metrics { MetricsRoutes(desk: metrics, machines: parts.machines).add(to: router) }
        if let strangers = parts.strangers { StrangerRoutes(desk: strangers).add(to: router) }
        if let drains = parts.logDrains { LogDrainRoutes(drains: drains).add(to: router) }
        if let alerts = parts.alerts { AlertRoutes(watch: alerts).add(to: router) }
        if let disk = parts.disk { DiskRoutes(desk: disk).add(to: router) }
        if let backups = parts.backups { BackupRoutes(desk: backups).add(to: router) }
        if let care = parts.care { StoreRoutes(care: care).add(to: router) }
        if let certificates = parts.apps.certificates {
            CertificateRoutes(apps: parts.apps, certificates: certificates).add(to: router)
        }
        ActivityRoutes(activity: parts.activity).add(to: router)
        TokenRoutes(
            tokens: parts.tokens,
            apps: parts.apps,
            machines: parts.machines,
            fingerprint: parts.fingerprint
        ).add(to: router)
        return router
    }
}

/// Turns every error into Fly's form, and logs those that are ours.
struct FaultMiddleware<Context: RequestContext>: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let fault as Fault {
            throw fault
        } catch let error as any HTTPResponseError {
            let code: Fault.Code = error.status.code == 404 ? .notFound : .invalidRequest
            throw Fault(code, "\(request.method) \(request.uri.path): \(error.status)")
        } catch {
            logger.error("request failed", error: error, metadata: ["http.path": "\(request.uri.path)"])
            throw Fault(.io, "\(error)")
        }
    }
}
