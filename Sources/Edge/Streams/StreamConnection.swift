import Logging
import Model
import NIOCore

/// A client's connection that is no HTTP: finds a Machine, then passes bytes both ways.
///
/// Nothing is read from the client before the Machine's end is open, so a connection that waits for a wake costs no
/// memory.
final class StreamConnection: ChannelInboundHandler, EdgeClient, Waiter {
    typealias InboundIn = ByteBuffer

    /// - Parameters:
    ///   - loop: where it lives.
    ///   - door: what it reached.
    ///   - origin: where it comes from.
    init(loop: EdgeLoop, door: RouteIndex.Door, origin: Origin) {
        self.loop = loop
        self.door = door
        self.origin = origin
        key = ClientKey(IPAddress(origin.client))
        stats = loop.stats.of(door.entry.route.app)
    }

    // MARK: - EdgeClient and Waiter

    let key: ClientKey
    private(set) var waitsForOwn = false

    var isHeld: Bool { holding != nil }
    var idleSince: NIODeadline? { nil }

    func tick(_ now: NIODeadline) {
        if place != nil, presence == .short, now - since >= Presence.openEnded { take(for: .stream) }
        if deadline <= now { abort() }
    }

    /// Nobody can say what is left to be said on it: it ends when the edge does.
    func drain() { if upstream == nil { abort() } }

    func abort() {
        let context = context
        gone()
        context?.close(promise: nil)
    }

    func route() {
        guard !isGone, upstream == nil, place == nil else { return }
        guard let entry = loop.index?.entry(key: door.entry.route.key) else { return abort() }
        waitsForOwn = false
        if entry.route.traffic == .maintenance { return abort() }
        if entry.route.traffic != nil { return hold(entry) }
        switch loop.choose(entry, for: key, excluding: excluded) {
        case .send(let target, let place):
            letGo()
            self.place = place
            since = .now()
            connect(target)
        case .wait: hold(entry)
        case .waitForOwn:
            waitsForOwn = true
            hold(entry)
        case .refuse: fail("no Machine of the app runs, and none may be started")
        }
    }

    func wakeFailed(_ machine: Machine.ID) {
        guard isHeld else { return }
        excluded.insert(machine)
        if let entry = loop.index?.entry(key: door.entry.route.key),
            Balancer.isHopeful(entry.route, excluding: excluded)
        {
            route()
        } else {
            fail("its Machine could not be started")
        }
    }

    // MARK: - Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
        stats.counts.connects += 1
        if loop.isClosing { return abort() }
        route()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        gone()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        stats.counts.bytesIn += bytes.readableBytes
        if outputEnded { deadline = loop.latest + loop.limits.halfOpen.amount }
        if let upstream { return upstream.send(bytes) }
        // What came with the first message, or before the client's end: a socket that has ended is read out unasked.
        guard early.readableBytes + bytes.readableBytes <= loop.limits.replayBytes else { return abort() }
        early.append(arrived: &bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        upstream?.flush()
        readOn()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { upstream?.readOn() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        inputEnded = true
        if let upstream {
            upstream.finish()
            end()
        } else if early.readableBytes == 0 {
            // It said nothing and is gone, as port scanners are.
            abort()
        }
    }

    func channelInactive(context: ChannelHandlerContext) { gone() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { abort() }

    // MARK: - From the Machine

    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Takes more from the client while the Machine keeps up.
    func readOn() {
        if let context, !inputEnded, upstream?.isWritable ?? false { context.read() }
    }

    func answer(_ bytes: ByteBuffer) {
        // Half a connection may stay as long as it is in use.
        if inputEnded { deadline = loop.latest + loop.limits.halfOpen.amount }
        stats.counts.bytesOut += bytes.readableBytes
        context?.write(NIOAny(bytes), promise: nil)
    }

    func flush() { context?.flush() }

    /// The Machine sends no more.
    func answerEnded() {
        outputEnded = true
        context?.close(mode: .output, promise: nil)
        end()
    }

    // MARK: - Private

    private let loop: EdgeLoop
    private let door: RouteIndex.Door
    private let origin: Origin
    private let stats: LoopStats.OfApp
    private var context: ChannelHandlerContext?
    private var upstream: StreamUpstream?
    private var place: Place?
    private var presence = Stay.short
    private var since = NIODeadline.now()
    private var holding: Holding?
    private var excluded: Set<Machine.ID> = []
    private var attempts = 0
    private var firstFailure: NIODeadline?
    private var deadline = NIODeadline.distantFuture
    private var isGone = false
    /// What came before there was somebody to send it to.
    private var early = ByteBuffer()
    private var inputEnded = false
    private var outputEnded = false

    /// Both halves are over, or one that has to be soon.
    private func end() {
        if inputEnded && outputEnded { return abort() }
        deadline = .now() + loop.limits.halfOpen.amount
    }

    private func connect(_ target: Route.Target) {
        let make: (any Channel) -> StreamUpstream = { _ in StreamUpstream(self) }
        let began = NIODeadline.now()
        loop.pool.dial(UpstreamPool.Key(target), make) { [self] result in
            switch result {
            case .success(let upstream) where isGone: upstream.close()
            case .success(let upstream):
                place?.load.reached()
                stats.connected(to: target.machine, after: .now() - began)
                stats.counts.workers[target.machine]?.connects += 1
                begin(upstream)
            case .failure: failed(target)
            }
        }
    }

    private func begin(_ upstream: StreamUpstream) {
        self.upstream = upstream
        upstream.begin(with: [header, early])
        early = ByteBuffer()
        if inputEnded {
            upstream.finish()
            end()
        }
        readOn()
    }

    private var header: ByteBuffer? {
        switch door.entrance.header {
        case .v1: ByteBuffer(string: ProxyHeader.text(origin.ends))
        case .v2: ByteBuffer(bytes: ProxyHeader.binary(origin.ends))
        case .unknown, nil: nil
        }
    }

    /// Another Machine, or the same after a pause: nothing of the client's was sent yet.
    private func failed(_ target: Route.Target) {
        guard !isGone else { return }
        place?.load.unreached(at: loop.time.uptimeNanoseconds)
        leavePlace()
        attempts += 1
        let first = firstFailure ?? .now()
        firstFailure = first
        guard attempts < loop.limits.connectAttempts, .now() - first < loop.limits.connectBudget.amount else {
            return fail("PC07: the app accepts no connection")
        }
        excluded.insert(target.machine)
        let pause = TimeAmount.milliseconds(Int64(min(500, 25 * attempts)))
        loop.eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in
            excluded = []
            route()
        }
    }

    private func fail(_ reason: String) {
        let route = door.entry.route
        loop.tell(
            EdgeTrouble(app: route.app, machine: nil, status: nil, request: "TCP :\(origin.edgePort)", reason: reason)
        )
        abort()
    }

    private func hold(_ entry: RouteIndex.Entry) {
        guard holding == nil else { return }
        guard entry.held.enter(limit: loop.limits.heldPerApp) else {
            return fail("\(loop.limits.heldPerApp) connections of the app wait already")
        }
        holding = Holding(count: entry.held, key: entry.route.key, app: entry.route.app, since: .now())
        loop.hold(self, key: entry.route.key, app: entry.route.app)
        deadline = .now() + loop.limits.held.amount
        // A place may have come free on another loop after the look and before this was known to wait.
        route()
    }

    private func letGo() {
        guard let holding else { return }
        self.holding = nil
        holding.count.leave()
        loop.shared.troubles.heldEnded(holding.app, after: .now() - holding.since)
        loop.letGo(self, key: holding.key)
        deadline = .distantFuture
    }

    private func take(for stay: Stay) {
        guard let place else { return }
        place.load.move(from: presence, to: stay)
        presence = stay
        loop.settle(place.load)
    }

    private func leavePlace() {
        guard let place else { return }
        self.place = nil
        if upstream != nil { stats.counts.workers[place.load.machine]?.disconnects += 1 }
        place.load.move(from: presence, to: .short)
        presence = .short
        place.end()
        loop.settle(place)
    }

    private func gone() {
        guard !isGone else { return }
        isGone = true
        letGo()
        upstream?.close()
        leavePlace()
        upstream = nil
        loop.remove(self)
        stats.counts.disconnects += 1
    }
}
