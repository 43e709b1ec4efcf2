import Model
import NIOCore
import Toolkit

/// What is counted and written down of one request.
struct RequestRecord {
    /// When its head had come; nil when there is nothing to be told of it.
    var began: NIODeadline?
    /// When its answer began, and with what.
    var answered: (at: NIODeadline, status: Int)?
    var app: String?
    var machine: Machine.ID?
    /// Kept for the access log, when this request is to stand there.
    var head: RequestHead?
    var bytesIn = 0
    var bytesOut = 0
}

/// Numbers for those who watch, and lines for those who look for one request.
extension ClientConnection {
    /// A request has come.
    func recordStart(_ head: RequestHead) {
        record = RequestRecord()
        record.began = .now()
        if loop.shared.access?.wantsNext() ?? false { record.head = head }
    }

    /// The head of the answer, or the edge's own answer, is on its way.
    func recordAnswer(_ status: Int) {
        guard let began = record.began, record.answered == nil else { return }
        let now = NIODeadline.now()
        record.answered = (now, status)
        record.machine = place?.load.machine
        record.app = (routed ?? entry)?.route.app
        guard let app = record.app else {
            loop.stats.common.refused += 1
            return
        }
        if stats?.app != app { stats = (app, loop.stats.of(app)) }
        stats?.counts.counts.answered(status, after: (now - began).inSeconds)
        if status == 429, record.machine == nil { stats?.counts.counts.rateLimited += 1 }
    }

    /// The request is over.
    func recordEnd() {
        guard record.began != nil else { return }
        defer { record = RequestRecord() }
        if let app = record.app, app == stats?.app {
            stats?.counts.counts.bytesIn += record.bytesIn
            stats?.counts.counts.bytesOut += record.bytesOut
        }
        if let log = loop.shared.access, let entry = accessEntry { log.add(entry) }
    }

    // MARK: - Private

    private var accessEntry: AccessEntry? {
        guard let began = record.began, let head = record.head else { return nil }
        let now = NIODeadline.now()
        let answered = record.answered ?? (now, 0)
        return AccessEntry(
            time: .now(),
            requestID: passage.requestID,
            client: passage.clientAddress,
            method: head.method,
            host: host,
            path: head.path,
            version: "\(passage.version)",
            isSecure: passage.secure,
            app: record.app,
            machine: record.machine?.text,
            status: answered.status,
            bytesIn: record.bytesIn,
            bytesOut: record.bytesOut,
            milliseconds: Double((answered.at - began).nanoseconds) / 1e6,
            totalMilliseconds: Double((now - began).nanoseconds) / 1e6,
            userAgent: head.fields.first(named: "user-agent")
        )
    }
}
