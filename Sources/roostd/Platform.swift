import Agent
import ControlPlane
import Model
import Runtime
import ServiceLifecycle
import Store
import Toolkit

/// What users ask for: apps and their deploys, Machines, volumes, consoles.
struct Platform {
    let apps: Apps
    let machines: Machines
    let volumes: Volumes
    let rollouts: Rollouts
    let consoles: Consoles
    private let base: HostBase
    let figures: HostFigures
    let alerts: AlertWatch
    private let logDrains: LogDrains
    private let metrics: MetricsDesk

    init(_ base: HostBase, _ edges: EdgeControl) {
        self.base = base
        figures = HostFigures(base)
        rollouts = base.images.rollouts(base.store, base.agent, edges.link, base.secrets, base.config)
        var apps = Apps(
            store: base.store,
            fleet: base.agent,
            edges: edges.link,
            rollouts: rollouts,
            tryouts: base.images.tryouts(rollouts),
            domain: base.config.domain,
            logger: base.logger
        )
        apps.certificates = HostCertificates(keeper: edges.certificates.keeper)
        self.apps = apps
        machines = Machines(
            store: base.store,
            fleet: base.agent,
            edges: edges.link,
            settings: base.images.machines(base.config)
        )
        volumes = Volumes(
            store: base.store,
            fleet: base.agent,
            keeper: base.volumes,
            region: base.config.region,
            host: base.identity.id
        )
        logDrains = LogDrains(base)
        let books = [rollouts.settings.counts, edges.certificates.keeper.counts, logDrains.counts]
        metrics = figures.desk(edges.link, base.agent, books)
        alerts = AlertWatch(base, metrics)
        consoles = Consoles(rollouts: rollouts, sessions: base.agent, open: machines.sessions, logger: base.logger)
    }

    var services: [any Service] { [rollouts, apps, consoles, figures, alerts, logDrains] }

    /// What the API's routes are about.
    func parts(_ edges: EdgeControl, _ upkeep: StoreUpkeep) -> API.Parts {
        var parts = API.Parts(
            apps: apps,
            machines: machines,
            volumes: volumes,
            rollouts: (rollouts, base.images.sources, base.images.workbench),
            access: (
                Tokens(store: base.store),
                ActivityLog(path: base.config.paths.activity, store: base.store, logger: base.logger)
            )
        )
        parts.strangers = StrangerDesk(base.agent, edges.link)
        parts.care = StoreCare(base.store, upkeep.copies)
        parts.disk = figures.diskDesk(base.room)
        parts.rotateKeys = { [rotation = KeyRotation(store: base.store, keys: base.keys)] in
            try await rotation.rotate()
        }
        parts.consoles = consoles
        let hasPrivate = (try? base.runtime.flycastAddress()) ?? nil != nil
        parts.addresses = AppAddresses(apps: apps, hasPrivate: hasPrivate) { [config = base.config] in config.addresses
        }
        parts.metrics = metrics
        parts.alerts = alerts
        parts.logDrains = logDrains
        return parts
    }
}
