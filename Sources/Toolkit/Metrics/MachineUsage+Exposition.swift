package import Model

/// A Machine and what it uses, to be told.
package struct MachineFigures: Sendable {
    package var machine: Machine
    /// Nil for one that does not run.
    package var usage: MachineUsage?
    /// Threads that run or wait for a disk, over 1, 5 and 15 minutes; nil where nobody has looked for long enough.
    package var load: [Double]?

    package init(machine: Machine, usage: MachineUsage?, load: [Double]? = nil) {
        self.machine = machine
        self.usage = usage
        self.load = load
    }
}

extension Exposition {
    /// Adds what Machines use, a family after the other.
    package mutating func add(_ figures: [MachineFigures], host: String) {
        let all = figures.map { one in
            let machine = one.machine
            let place = [("app", machine.app), ("region", machine.region), ("host", host)]
            return Row(figures: one, place: Labels(place), labels: Labels(place + [("instance", machine.id.text)]))
        }
        addStates(all)
        let running = all.filter { $0.figures.usage != nil }
        addMemory(running)
        addProcessor(running)
        addDisks(running)
        addNetwork(running)
    }

    // MARK: - Private

    private struct Row {
        var figures: MachineFigures
        var place: Labels
        var labels: Labels

        var usage: MachineUsage { figures.usage ?? MachineUsage() }
    }

    private mutating func addStates(_ rows: [Row]) {
        for row in rows where row.figures.usage != nil { sample(.instanceUp, row.labels, 1) }
        for row in rows {
            guard let exit = row.figures.machine.status.events.last(where: { $0.exit != nil })?.exit else { continue }
            sample(.exitCode, row.labels, Double(exit.code))
        }
        for row in rows {
            guard let exit = row.figures.machine.status.events.last(where: { $0.exit != nil })?.exit else { continue }
            sample(.exitOutOfMemory, row.labels, exit.outOfMemory ? 1 : 0)
        }
    }

    private mutating func addMemory(_ rows: [Row]) {
        for (metric, value) in Metric.memory {
            family(metric)
            for row in rows {
                if let memory = row.usage.memory, let bytes = value(memory) { sample(row.labels, Double(bytes)) }
            }
        }
    }

    private mutating func addProcessor(_ rows: [Row]) {
        for row in rows {
            guard let processor = row.usage.processor else { continue }
            let labels = row.labels.with("cpu_id", "0")
            family(.processorTime)
            sample(labels.with("mode", "user"), Double(processor.user))
            sample(labels.with("mode", "system"), Double(processor.system))
        }
        for row in rows {
            sample(.processorBaseline, row.labels, Double(row.figures.machine.spec.config.guest.cpus))
        }
        for row in rows {
            if let processor = row.usage.processor {
                sample(.processorThrottle, row.labels, Double(processor.throttled))
            }
        }
        for row in rows {
            for (minutes, load) in zip(["1", "5", "15"], row.figures.load ?? []) {
                sample(.load, row.labels.with("minutes", minutes), (load * 100).rounded() / 100)
            }
        }
    }

    private mutating func addDisks(_ rows: [Row]) {
        for (place, metric) in Metric.disk.enumerated() {
            family(metric)
            for row in rows {
                for disk in row.usage.disks where place < disk.transfers.count {
                    sample(row.labels.with("device", disk.device), Double(disk.transfers[place]))
                }
            }
        }
        let sizes: [KeyPath<MachineUsage.Disk, Int64>] = [\.blocks, \.blockSize, \.free, \.available]
        for (metric, size) in zip(Metric.fileSystem, sizes) {
            family(metric)
            for row in rows {
                for disk in row.usage.disks {
                    sample(row.labels.with("mount", disk.mount), Double(disk[keyPath: size]))
                }
            }
        }
        for row in rows {
            for disk in row.usage.disks {
                guard let volume = disk.volume else { continue }
                sample(.volumeSize, row.place.with("id", volume), Double(disk.size))
            }
        }
        for row in rows {
            for disk in row.usage.disks {
                guard let volume = disk.volume else { continue }
                sample(.volumeUsed, row.place.with("id", volume), (disk.usedPercent * 100).rounded() / 100)
            }
        }
    }

    private mutating func addNetwork(_ rows: [Row]) {
        for (place, metric) in (Metric.received + Metric.sent).enumerated() {
            family(metric)
            for row in rows where place < row.usage.network.count {
                sample(row.labels.with("device", "eth0"), Double(row.usage.network[place]))
            }
        }
        for row in rows { if let open = row.usage.openFiles { sample(.filesAllocated, row.labels, Double(open)) } }
        for row in rows { if let limit = row.usage.openFilesLimit { sample(.filesMaximum, row.labels, Double(limit)) } }
    }
}
