import ControlPlane
import Model
import Toolkit

extension AlertWatch {
    /// Watches this host.
    init(_ base: HostBase, _ metrics: MetricsDesk) {
        let (config, store) = (base.config, base.store)
        let post = AlertPost(host: config.host, folder: config.paths.run, environment: config.buildEnvironment)
        let outside = Outside(
            page: { await metrics.page(for: .all) },
            busy: { await Rollouts.busyApps(store) },
            send: { try await post.send($0, to: $1) },
            ask: { try await post.ask($0) }
        )
        self.init(config.alerts, outside, host: config.host, file: config.paths.alerts, logger: base.logger)
    }
}
