package import Model
import Runtime
package import Toolkit

extension LocalAgent {
    /// The records of all Machines, as their keepers have them.
    package func machines() async -> [Machine] {
        var machines: [Machine] = []
        machines.reserveCapacity(keepers.count)
        for keeper in keepers.values { machines.append(await keeper.machine) }
        return machines.sorted { ($0.app, $0.id) < ($1.app, $1.id) }
    }

    /// What this host's Machines are, use, and say of themselves.
    package func metrics(for viewer: MetricViewer) async -> Exposition {
        let all = await machines()
        let machines = all.filter { viewer.sees($0.app) }
        var page = Exposition()
        let label = host.label
        addStates(machines, to: &page)
        let apps = Set(all.map(\.app))
        host.counts.prune(apps.contains)
        host.counts.write(to: &page, from: [("region", host.region), ("host", label)], for: viewer)
        let running = machines.filter { $0.awakeSince != nil }
        let usage = await host.runtime.usage(of: running)
        var figures: [MachineFigures] = []
        for machine in machines {
            let load = usage[machine.id] == nil ? nil : await scraper.load(of: machine.id)
            figures.append(MachineFigures(machine: machine, usage: usage[machine.id], load: load))
        }
        page.add(figures, host: label)
        await addLooks(machines, to: &page)
        return page
    }

    // MARK: - Private

    private nonisolated func addStates(_ machines: [Machine], to page: inout Exposition) {
        var states: [String: [String: Int]] = [:]
        var wanted: [String: (wanted: Int, healthy: Int)] = [:]
        var regions: [String: String] = [:]
        for machine in machines {
            states[machine.app, default: [:]][machine.status.state.name, default: 0] += 1
            regions[machine.app] = machine.region
            var counts = wanted[machine.app] ?? (0, 0)
            if machine.status.state.isMeantToRun { counts.wanted += 1 }
            if machine.status.ready, machine.awakeSince != nil { counts.healthy += 1 }
            wanted[machine.app] = counts
        }
        func labels(_ app: String) -> Exposition.Labels {
            Exposition.Labels([("app", app), ("region", regions[app] ?? host.region), ("host", host.label)])
        }
        for (app, counts) in states.sorted(by: { $0.key < $1.key }) {
            for (state, count) in counts.sorted(by: { $0.key < $1.key }) {
                page.sample(.machines, labels(app).with("state", state), Double(count))
            }
        }
        for (app, counts) in wanted.sorted(by: { $0.key < $1.key }) {
            page.sample(.appMachines, labels(app).with("state", "wanted"), Double(counts.wanted))
            page.sample(.appMachines, labels(app).with("state", "healthy"), Double(counts.healthy))
        }
    }

    /// What Machines said of themselves.
    private func addLooks(_ machines: [Machine], to page: inout Exposition) async {
        let looks = await scraper.looks
        for machine in machines {
            guard let look = looks[machine.id] else { continue }
            let labels = Exposition.Labels([
                ("app", machine.app), ("region", machine.region), ("host", host.label), ("instance", machine.id.text),
            ])
            page.sample(.scrapeUp, labels, look.isUp ? 1 : 0)
            page.sample(.scrapeSeconds, labels, (look.took * 1000).rounded() / 1000)
            page.sample(.scrapeSamples, labels, Double(look.series.samples))
            look.series.write(to: &page)
        }
    }
}

extension Machine.State {
    /// It runs, or is on its way to, or should and can't.
    fileprivate var isMeantToRun: Bool {
        switch self {
        case .starting, .started, .restarting, .failed: true
        case .created, .stopping, .stopped, .suspending, .suspended, .destroying, .destroyed, .unknown: false
        }
    }
}
