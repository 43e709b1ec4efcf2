import Glibc
import Model
import Synchronization
import Toolkit

/// What a start shows a Machine of its size.
struct SeenSize: Sendable {
    /// The CPUs that it runs on; nil: all of the host's.
    var cpus: [Int]?
    /// Files of ours inside: source on the host by destination.
    var files: [(source: String, destination: String)]
}

/// Lets each Machine see the size that it was given instead of the host's, and keeps what it sees up to date.
///
/// Where Machines run is read from the kernel when it is first asked for, and their files are found where their starts put
/// them: a new daemon goes on with what it finds. While there is none, files stay as they are, and nothing fails.
final class SizeKeeper: Sendable {
    let cgroups: Cgroups
    let paths: HostPaths
    private let state = Mutex(State())

    private struct State {
        /// Nil until the kernel was asked.
        var places: [Machine.ID: CPUPlan.Place]?
        /// Time of CPUs that was used up to the last round.
        var used: [Machine.ID: Int64] = [:]
        /// What the host's CPUs had done by then.
        var work: [Int: HostNow.Work] = [:]
        var round = 0
    }

    init(cgroups: Cgroups, paths: HostPaths) {
        self.cgroups = cgroups
        self.paths = paths
    }

    /// Chooses CPUs for a start and writes the files that it shows.
    func prepare(
        _ id: Machine.ID,
        _ guest: MachineConfig.Guest,
        swapMiB: Int,
        _ folders: MachineFolders
    ) throws(Fault) -> SeenSize {
        let all = cgroups.cpus
        let count = all.isEmpty ? guest.cpus : min(guest.cpus, all.count)
        var size = SeenSize(cpus: nil, files: [])
        if cgroups.splitsCPUs, count < all.count {
            size.cpus = place(id, count, all, weight: Double(BundleConfig.shares(perCPU: guest)))
        }
        var memory = MachineUsage.Memory()
        memory.limit = Int64(guest.memoryMiB) << 20
        if cgroups.limitsSwap { memory.swapLimit = Int64(swapMiB) << 20 }
        let host = HostNow.read()
        let processors = KernelFile.read("/proc/cpuinfo", limit: 4 << 20) ?? ""
        let times = SizeText.processor(cpus: count, .init(), uptime: host.uptime, boot: host.boot)
        let shown = [
            (folders.memorySize, "/proc/meminfo", SizeText.memory(memory, host.memory)),
            (folders.processorTimes, "/proc/stat", times),
            (folders.processors, "/proc/cpuinfo", SizeText.processors(processors, cpus: count)),
            (folders.processorsOnline, Self.online, SizeText.online(cpus: count)),
        ]
        for (source, destination, text) in shown where !text.isEmpty && KernelFile.exists(destination) {
            try KernelFile.create(source, Array(text.utf8))
            // The umask must not decide who inside may read it.
            guard chmod(source, 0o644) == 0 else { throw Durable.fault(errno, "open up", source) }
            size.files.append((source, destination))
        }
        return size
    }

    /// After a Machine's control groups are gone.
    func forget(_ id: Machine.ID) {
        state.withLock { state in
            state.places?[id] = nil
            state.used[id] = nil
        }
    }

    /// Writes anew what changes, and has Machines go on elsewhere where their CPUs are short of time.
    ///
    /// - Returns: those that moved.
    func refresh() -> [Machine.ID: [Int]] {
        let host = HostNow.read()
        var reader = UsageReader(cgroups: cgroups, paths: paths)
        var used: [Machine.ID: Int64] = [:]
        for name in KernelFile.names(in: "\(paths.run)/machines") {
            guard let id = Machine.ID(name) else { continue }
            let folders = MachineFolders(paths, id)
            guard KernelFile.exists(folders.memorySize), let memory = reader.memory(id) else { continue }
            Self.overwrite(folders.memorySize, SizeText.memory(memory, host.memory))
            guard let processor = reader.processor(id) else { continue }
            used[id] = processor.user + processor.system
            let cpus = CPUList.parse(KernelFile.read(folders.processorsOnline) ?? "")?.count ?? 0
            if cpus > 0 {
                let text = SizeText.processor(cpus: cpus, processor, uptime: host.uptime, boot: host.boot)
                Self.overwrite(folders.processorTimes, text)
            }
        }
        return balance(used, host.work)
    }

    // MARK: - Private

    private static let online = "/sys/devices/system/cpu/online"

    private func place(_ id: Machine.ID, _ count: Int, _ all: [Int], weight: Double) -> [Int] {
        state.withLock { state in
            var places = state.places ?? cgroups.places()
            places[id] = nil
            let cpus = CPUPlan.choose(count, among: all, beside: places.values)
            places[id] = CPUPlan.Place(cpus: cpus, weight: weight, since: state.round)
            state.places = places
            return cpus
        }
    }

    private func balance(_ used: [Machine.ID: Int64], _ work: [Int: HostNow.Work]) -> [Machine.ID: [Int]] {
        guard cgroups.splitsCPUs else { return [:] }
        let moves = plan(used, work)
        var moved: [Machine.ID: [Int]] = [:]
        for (id, place) in moves {
            // It may have ended since.
            guard (try? cgroups.move(id, to: place.cpus)) != nil else { continue }
            state.withLock { state in
                if state.places?[id] != nil { state.places?[id] = place }
            }
            moved[id] = place.cpus
        }
        return moved
    }

    /// Takes in what was used, and plans by what has come to it since the last round.
    private func plan(_ used: [Machine.ID: Int64], _ work: [Int: HostNow.Work]) -> [Machine.ID: CPUPlan.Place] {
        state.withLock { state in
            let places = state.places ?? cgroups.places()
            let (usedBefore, workBefore) = (state.used, state.work)
            state.places = places
            state.used = used
            state.work = work
            state.round += 1
            var busy: [Int: Double] = [:]
            var elapsed: Int64 = 0
            for cpu in cgroups.cpus {
                guard let now = work[cpu], let before = workBefore[cpu] else { continue }
                let (part, whole) = (now.busy - before.busy, now.all - before.all)
                busy[cpu] = whole > 0 ? Double(part) / Double(whole) : 0
                elapsed = max(elapsed, whole)
            }
            guard elapsed > 0 else { return [:] }
            var usage: [Machine.ID: Double] = [:]
            for (id, ticks) in used {
                if let before = usedBefore[id] { usage[id] = Double(max(0, ticks - before)) / Double(elapsed) }
            }
            return CPUPlan.moves(places, usage: usage, busy: busy, round: state.round)
        }
    }

    /// In one call, and only where the length is the same: who reads meanwhile finds no half of a file.
    private static func overwrite(_ path: String, _ text: String) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var status = stat()
        var text = text
        guard fstat(descriptor, &status) == 0, status.st_size == text.utf8.count else { return }
        _ = text.withUTF8 { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }
}

/// The host's own numbers at a moment.
struct HostNow {
    var memory: SizeText.HostMemory
    /// Hundredths of a second since its boot.
    var uptime: Int64
    /// Seconds since 1970.
    var boot: Int64
    /// Of each CPU.
    var work: [Int: Work]

    /// Hundredths of a second.
    struct Work: Sendable {
        var busy: Int64
        var all: Int64
    }

    static func read() -> Self {
        var numbers = KernelNumbers()
        var memory = SizeText.HostMemory(total: .max, available: .max)
        if numbers.load("/proc/meminfo") {
            numbers.eachPair { name, value in
                if numbers.matches(name, "MemTotal:") { memory.total = value << 10 }
                if numbers.matches(name, "MemAvailable:") { memory.available = value << 10 }
            }
        }
        var boot: Int64 = 0
        var work: [Int: Work] = [:]
        for line in (KernelFile.read("/proc/stat") ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "btime", words.count == 2 { boot = Int64(words[1]) ?? 0 }
            guard words.count > 8, words[0].hasPrefix("cpu"), let cpu = Int(words[0].dropFirst(3)) else { continue }
            // User, nice, system, idle, waiting for a disk, two of interrupts, stolen; guests are within the first.
            let times = words[1...8].map { Int64($0) ?? 0 }
            let all = times.reduce(0, +)
            work[cpu] = Work(busy: all - times[3] - times[4], all: all)
        }
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return Self(
            memory: memory,
            uptime: Int64(now.tv_sec) * 100 + Int64(now.tv_nsec) / 10_000_000,
            boot: boot,
            work: work
        )
    }
}
