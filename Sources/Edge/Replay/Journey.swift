import Model
import NIOCore

/// Where a request is to go and where it has been, beyond what its host name says.
struct Journey {
    /// Which Machines it is for.
    var aim = Aim()
    /// The app that it was sent on to; nil is the one that its host name leads to.
    var app: String?
    /// When it came, or was last sent on.
    var since = NIODeadline.distantPast
    /// When to give up, as the app that sent it on says.
    var deadline = NIODeadline.distantFuture
    /// The Machine that it was sent to last.
    var target: Route.Target?
    /// A connection for it was made since it came, or was last sent on.
    var isReached = false
    /// The head of an answer that says to send it on, while the body comes.
    var response: ResponseHead?
    /// The body of that.
    var collected = ByteBuffer()
    /// Where it was sent, when not to where its client wanted.
    var memory = Memory.none
    /// It may not be sent on once more: the one that wanted that has it back.
    private(set) var isBack = false

    /// What was remembered of requests like this one.
    enum Memory {
        case none
        case hit
        case bypassed
    }

    init() {}

    /// What its client says of where it should go; `since` is when it came.
    init(_ head: RequestHead, since: NIODeadline) {
        self.since = since
        guard head.isRouted else { return }
        let fields = head.fields
        if let list = fields.first("fly-force-region") {
            (aim.regions, aim.isStrict) = (Self.list(list), true)
        } else if let list = fields.first("fly-prefer-region") {
            aim.regions = Self.list(list)
        }
        aim.instance = fields.first("fly-force-instance-id")
        aim.preferred = fields.first("fly-prefer-instance-id")
    }

    /// Where it came from.
    struct Source {
        var app: String
        var machine: Machine.ID
        var region: String
    }

    /// Sends it on; nil when that has happened too often.
    ///
    /// `microseconds` is the time since 1970.
    func following(_ order: ReplayOrder, from source: Source, at now: NIODeadline, microseconds: Int64) -> Journey? {
        guard hops < ReplayOrder.longestChain else { return nil }
        var next = Journey()
        next.hops = hops + 1
        next.source = source
        next.home = app
        next.order = order
        next.aim = order.aim
        if order.elsewhere { next.aim.avoided.insert(source.machine) }
        next.app = order.app ?? app
        next.since = now
        if let timeout = order.timeout { next.deadline = now + timeout.amount }
        next.memory = memory
        next.origin = order.source(machine: source.machine, region: source.region, microseconds: microseconds)
        next.transforms = transforms + [order.transform]
        return next
    }

    /// Sends it back to the one that sent it on, where that was wanted; nil where not, or where it has arrived.
    func returning(_ reason: String, at now: NIODeadline) -> Journey? {
        guard let order, let fallback = order.fallback, let source, !isReached, !isBack else { return nil }
        var back = Journey()
        back.hops = hops
        back.isBack = true
        back.app = home
        back.since = now
        switch fallback {
        case .forceSelf: back.aim.instance = source.machine.text
        case .preferSelf: back.aim.preferred = source.machine.text
        }
        let elapsed = (now - since).nanoseconds / 1_000_000
        back.failure =
            "instance=\(order.instance ?? order.preferred ?? "");app=\(order.app ?? source.app);"
            + "region=\(order.regions.joined(separator: ","));replay_source=\(source.machine);"
            + "reason=\(reason);elapsed_ms=\(elapsed)"
        return back
    }

    /// What the target is told, and gets otherwise than the client sent it; nil for a request as it came.
    var detour: Detour? {
        var detour = Detour()
        for transform in transforms { detour.take(transform) }
        if let origin { detour.add("fly-replay-src", origin) }
        if let failure { detour.add("fly-replay-failed", failure) }
        switch memory {
        case .hit where order == nil: detour.add("fly-replay-cache-status", "hit")
        case .bypassed: detour.add("fly-replay-cache-status", "bypass")
        case .hit, .none: if order != nil { detour.add("fly-replay-cache-status", "miss") }
        }
        if let preferred = aim.preferred, let target, target.machine.text != preferred, failure == nil {
            detour.add("fly-preferred-instance-unavailable", preferred)
        }
        return detour.lines.isEmpty && detour.path == nil && transforms.allSatisfy(\.isEmpty) ? nil : detour
    }

    /// Who sent it on last.
    private(set) var source: Source?

    // MARK: - Private

    /// How often it was sent on.
    private(set) var hops = 0
    /// Why it is where it is.
    private var order: ReplayOrder?
    /// The app of the one that sent it on, as it was known then.
    private var home: String?
    private var origin: String?
    private var failure: String?
    private var transforms: [ReplayOrder.Transform] = []

    private static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }.filter { !$0.isEmpty }
    }
}
