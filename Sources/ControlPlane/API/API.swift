import Foundation
import Hummingbird
package import Logging
import Model
package import ServiceLifecycle
import Toolkit

/// The REST API: `/v1/…`, Fly's paths where Fly has them.
package struct API: Sendable {
    let apps: Apps
    let machines: Machines
    let rollouts: Rollouts
    let sources: Sources
    let workbench: Workbench
    private let socketPath: String
    private let logger: Logger

    package init(
        apps: Apps,
        machines: Machines,
        rollouts: Rollouts,
        sources: Sources,
        workbench: Workbench,
        socketPath: String,
        logger: Logger
    ) {
        self.apps = apps
        self.machines = machines
        self.rollouts = rollouts
        self.sources = sources
        self.workbench = workbench
        self.socketPath = socketPath
        self.logger = logger
    }

    /// Serves on the unix socket, which only the owner of the daemon may open: who can open it may do everything.
    package func service() -> some Service {
        let router = Router()
        router.add(middleware: FaultMiddleware(logger: logger))
        addHealth(to: router)
        AppRoutes(apps: apps).add(to: router)
        EnvironmentRoutes(apps: apps).add(to: router)
        MachineRoutes(apps: apps, machines: machines).add(to: router)
        RolloutRoutes(apps: apps, rollouts: rollouts).add(to: router)
        SourceRoutes(sources: sources).add(to: router)
        TryoutRoutes(apps: apps).add(to: router)
        BuilderRoutes(workbench: workbench).add(to: router)
        LogRoutes(apps: apps, machines: machines).add(to: router)
        unlink(socketPath)
        let path = socketPath
        return Application(
            router: router,
            configuration: ApplicationConfiguration(address: .unixDomainSocket(path: path), serverName: nil),
            onServerRunning: { _ in chmod(path, 0o600) },
            logger: logger
        )
    }

    private func addHealth(to router: Router<BasicRequestContext>) {
        router.get("/v1/health") { _, _ in try JSONAnswer.make(["status": "ok"]) }
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
            let code: Fault.Code = error.status.code == 404 ? .unsupported : .invalidRequest
            throw Fault(code, "\(request.method) \(request.uri.path): \(error.status)")
        } catch {
            logger.error("request failed", error: error, metadata: ["http.path": "\(request.uri.path)"])
            throw Fault(.io, "\(error)")
        }
    }
}
