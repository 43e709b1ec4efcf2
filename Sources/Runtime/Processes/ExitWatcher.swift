import Dispatch
import Glibc
import Model
import Synchronization

/// Learns of the ends of processes and monitors from the kernel: one queue, two descriptors for each Machine.
final class ExitWatcher: Sendable {
    /// One consumer.
    let exits: AsyncStream<SandboxExit>

    private let continuation: AsyncStream<SandboxExit>.Continuation
    private let queue = DispatchQueue(label: "roost.exits")
    private let watches = Mutex<[Machine.ID: Watch]>([:])
    private let read: @Sendable (Machine.ID) -> SandboxEnd

    /// How long a monitor may take to note the exit code.
    private static let patience = DispatchTimeInterval.seconds(5)

    /// - Parameter read: looks up how a Machine's process ended.
    init(read: @escaping @Sendable (Machine.ID) -> SandboxEnd) {
        self.read = read
        (exits, continuation) = AsyncStream.makeStream()
    }

    deinit {
        watches.withLock { watches in
            for watch in watches.values { watch.cancel() }
        }
        continuation.finish()
    }

    /// Starts to watch; watching the same process again changes nothing.
    ///
    /// One that has ended already is told at once.
    func watch(_ id: Machine.ID, _ process: Machine.Process, monitorTicks: UInt64) {
        let watch = Watch(process)
        let old = watches.withLock { watches -> Watch? in
            guard watches[id]?.process != process else { return watch }
            let old = watches[id]
            watches[id] = watch
            return old
        }
        if old === watch { return }
        old?.cancel()
        if let handle = ProcessHandle(process.pid, startTicks: process.startTicks) {
            watch.add(EndSource(handle.release(), queue) { [weak self] in self?.handle(id, watch, .processEnded) })
        } else {
            queue.async { [weak self] in self?.handle(id, watch, .processEnded) }
        }
        // Looked up now and not before: both may have ended since the process was seen above.
        let monitorEnded: @Sendable () -> Void = { [weak self] in
            let lives = ProcessStat.isLive(process.pid, startTicks: process.startTicks)
            self?.handle(id, watch, .monitorEnded(processLives: lives))
        }
        if let handle = ProcessHandle(process.monitorPID, startTicks: monitorTicks) {
            watch.add(EndSource(handle.release(), queue, monitorEnded))
        } else {
            queue.async(execute: monitorEnded)
        }
    }

    /// Ends a watch; nothing more is told of that process.
    func forget(_ id: Machine.ID) {
        watches.withLock { $0.removeValue(forKey: id) }?.cancel()
    }

    // MARK: - Private

    private func handle(_ id: Machine.ID, _ watch: Watch, _ event: WatchState.Event) {
        let effect = watches.withLock { watches in watches[id] === watch ? watch.handle(event) : nil }
        switch effect {
        case .await:
            queue.asyncAfter(deadline: .now() + Self.patience) { [weak self] in self?.handle(id, watch, .overdue) }
        case .reportLoss:
            report(id, watch, SandboxEnd(code: nil, outOfMemory: false), lost: true)
        case .reportEnd:
            let end = read(id)
            let current = watches.withLock { watches in
                guard watches[id] === watch else { return false }
                watches[id] = nil
                return true
            }
            watch.cancel()
            if current { report(id, watch, end, lost: false) }
        case nil: break
        }
    }

    private func report(_ id: Machine.ID, _ watch: Watch, _ end: SandboxEnd, lost: Bool) {
        continuation.yield(
            SandboxExit(
                id: id,
                pid: watch.process.pid,
                code: end.code,
                outOfMemory: end.outOfMemory,
                monitorLost: lost
            )
        )
    }
}

/// What is watched of one Machine.
private final class Watch: Sendable {
    let process: Machine.Process
    private let inner = Mutex(Inner())

    private struct Inner {
        var state = WatchState.running
        var sources: [EndSource] = []
        var cancelled = false
    }

    init(_ process: Machine.Process) {
        self.process = process
    }

    func handle(_ event: WatchState.Event) -> WatchState.Effect? { inner.withLock { $0.state.handle(event) } }

    func add(_ source: EndSource) {
        let late = inner.withLock { inner in
            inner.sources.append(source)
            return inner.cancelled
        }
        if late { source.cancel() }
    }

    func cancel() {
        let sources = inner.withLock { inner in
            inner.cancelled = true
            defer { inner.sources = [] }
            return inner.sources
        }
        for source in sources { source.cancel() }
    }
}

/// Tells once that a process has ended.
///
/// `@unchecked`: libdispatch's sources may be used from any thread; Swift's overlay only does not say so.
private final class EndSource: @unchecked Sendable {
    private let source: any DispatchSourceRead

    /// Takes a process descriptor, which it closes at the end.
    init(_ descriptor: Int32, _ queue: DispatchQueue, _ body: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { [weak self] in
            // The descriptor stays readable for good.
            self?.source.cancel()
            body()
        }
        source.setCancelHandler { close(descriptor) }
        source.resume()
    }

    func cancel() { source.cancel() }
}
