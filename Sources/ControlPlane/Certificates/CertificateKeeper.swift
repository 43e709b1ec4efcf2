package import Certificates
import Foundation
package import Logging
package import Model
import ServiceLifecycle
package import Store
package import Toolkit

/// Has every name that an app owns certified, renews in time, and tells the edges.
///
/// Each certificate is in the store, and its key on disk, before the next order begins.
package actor CertificateKeeper: Service {
    /// What the keeper works with.
    package struct Tools: Sendable {
        package var keys: KeyFolder
        package var local: LocalAuthority
        /// Nil where no authority is set up.
        package var acme: ACMEClient?
        package var now: @Sendable () -> Timestamp = { .now() }

        package init(keys: KeyFolder, local: LocalAuthority, acme: ACMEClient?) {
            self.keys = keys
            self.local = local
            self.acme = acme
        }
    }

    nonisolated let store: any StateStore
    nonisolated let tools: Tools
    nonisolated let domain: String
    nonisolated let book: CertificateBook
    nonisolated let logger: Logger
    /// Tries that failed.
    package nonisolated let counts = CounterBook()
    /// When there is something to order next, unless something changes before.
    private var next: Timestamp?

    /// Takes what it works with; `domain` is under which apps get their names.
    package init(
        store: any StateStore,
        tools: Tools,
        book: CertificateBook,
        domain: String,
        logger: Logger
    ) {
        self.store = store
        self.tools = tools
        self.book = book
        self.domain = domain
        self.logger = logger
    }

    package func run() async throws {
        let (orders, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        bell.yield()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.follow(bell) }
            group.addTask { await self.tick(bell) }
            // An order that is under way at the end is given up: nothing of it is lost but time.
            group.addTask {
                for await _ in orders { await self.orderAll() }
            }
            try? await gracefulShutdown()
            group.cancelAll()
        }
    }

    /// Makes what is needed at once, and tells the edges all there is.
    ///
    /// A record or a key that can't be read costs its own name only, and an edge that has that certificate keeps it.
    func refresh() async throws {
        for step in try await plan().steps {
            guard case .issueLocally(let name) = step else { continue }
            do {
                try await issueLocally(name)
            } catch {
                logger.error("local certificate failed", error: error, metadata: ["tls.host": "\(name.hostname)"])
            }
        }
        var ready: [String: EdgeCertificate] = [:]
        var kept: Set<String> = []
        let records = try await store.certificates.list { name, fault in
            logger.error("certificate record unreadable", error: fault, metadata: ["tls.host": "\(name)"])
            kept.insert(name)
        }
        let now = tools.now()
        for record in records {
            guard let issued = record.presented(at: now) else { continue }
            do {
                ready[record.hostname] = EdgeCertificate(
                    hostname: record.hostname,
                    id: String(Digest.hex(Data((issued.key + issued.chain).utf8)).prefix(32)),
                    chain: issued.chain,
                    key: try tools.keys.load(issued.key)
                )
            } catch {
                logger.error("certificate's key unreadable", error: error, metadata: ["tls.host": "\(record.hostname)"])
                kept.insert(record.hostname)
            }
        }
        await book.publish(ready, kept: kept)
    }

    /// Orders what is due, some at a time, until nothing is.
    func orderAll() async {
        while !Task.isCancelled {
            do {
                let due = try await plan().steps.compactMap { step in
                    if case .order(let name) = step { name } else { nil }
                }
                guard !due.isEmpty else { return }
                await withDiscardingTaskGroup { group in
                    for name in due.prefix(Self.atOnce) { group.addTask { await self.order(name) } }
                }
            } catch {
                logger.error("certificates can't be planned", error: error)
                return
            }
        }
    }

    /// All names that lead to apps, with the app that owns each.
    nonisolated func owned() async throws -> [OwnedName] {
        let apps = try await store.apps.list { _, _ in }.filter { !$0.destroying && $0.tryout == nil }
        return apps.flatMap { app in
            // The name of an app that nobody reaches has no business in an authority's public record.
            let own = app.reach.isClosed ? [] : ["\(app.name).\(domain)"]
            return (own + app.allHostnames).map { OwnedName(hostname: $0, app: app.name) }
        }
    }

    // MARK: - Private

    /// Orders at one time: an authority counts what is pending.
    private static let atOnce = 4
    private static let interval = Duration.seconds(5)

    private func plan() async throws -> CertificatePlan {
        var records: [String: HostCertificate] = [:]
        for record in try await store.certificates.list(unreadable: { _, _ in }) { records[record.hostname] = record }
        let plan = CertificatePlan(
            owned: try await owned(),
            records: records,
            hasAuthority: tools.acme != nil,
            at: tools.now()
        )
        next = plan.next
        return plan
    }

    /// Refreshes with every change of apps and certificates, and has orders looked for.
    private func follow(_ bell: AsyncStream<Void>.Continuation) async {
        await repeating(every: Self.interval) {
            do {
                try await followChanges(bell)
            } catch {
                logger.error("certificates can't be read", error: error)
            }
        }
    }

    /// Ends only with the task, or when something can't be read.
    private func followChanges(_ bell: AsyncStream<Void>.Continuation) async throws {
        while !Task.isCancelled {
            let revision = try await store.range("/certs/").revision
            try await refresh()
            bell.yield()
            for await event in store.watch("/", after: revision) {
                guard event.key.isEmpty || ["/apps/", "/certs/"].contains(where: event.key.hasPrefix) else { continue }
                try await refresh()
                bell.yield()
                if event == .reset { break }
            }
        }
    }

    private func tick(_ bell: AsyncStream<Void>.Continuation) async {
        await repeating(every: Self.interval, after: Self.interval) {
            guard let next, next <= tools.now() else { return }
            self.next = nil
            do {
                try await refresh()
            } catch {
                logger.error("certificates can't be read", error: error)
            }
            bell.yield()
        }
    }

    private func issueLocally(_ name: OwnedName) async throws {
        let now = tools.now()
        let (chain, key) = try tools.local.issue(name.hostname, at: now)
        let pair = try CertificateReader.check(chain: chain, key: key, for: name.hostname, at: now)
        try await keep(pair, of: name, from: .local)
    }

    private func order(_ name: OwnedName) async {
        guard let acme = tools.acme else { return }
        logger.notice("certificate ordered", metadata: ["tls.host": "\(name.hostname)", "app": "\(name.app)"])
        do {
            let request = try SigningRequest(name.hostname)
            let book = book
            let answers = ACMEAnswers(
                publish: { try await book.answer($0, $1) },
                withdraw: { await book.withdraw($0) }
            )
            switch try await acme.obtain(name.hostname, request: request.request, answers: answers) {
            case .issued(let chain):
                // An app that went meanwhile leaves nothing behind.
                guard try await owned().contains(name) else { return }
                let now = tools.now()
                let pair = try CertificateReader.check(chain: chain, key: request.key, for: name.hostname, at: now)
                try await keep(pair, of: name, from: .authority)
                logger.notice(
                    "certificate issued",
                    metadata: ["tls.host": "\(name.hostname)", "expires": "\(pair.facts.notAfter.rfc3339)"]
                )
            case .refused(let fault, let pause): await note(fault, pause, of: name)
            }
        } catch is CancellationError {
            return
        } catch {
            await note(error as? Fault ?? Fault(.certificateFailed, "\(error)"), nil, of: name)
        }
    }

    /// Writes down that a try failed, and when the next is due: a restart goes on with that.
    private func note(_ fault: Fault, _ pause: Duration?, of name: OwnedName) async {
        counts.add(.certificateFailures, app: name.app)
        let now = tools.now()
        let words = fault.hint.map { "\(fault.message); \($0)" } ?? fault.message
        do {
            try await change(name) { record in
                let failures = (record.trouble?.failures ?? 0) + 1
                let wait = Renewal.pause(
                    failures: failures,
                    remaining: record.issued.map { $0.notAfter.since(now) },
                    asked: pause,
                    name: name.hostname
                )
                var trouble = HostCertificate.Trouble(
                    failures: failures,
                    message: words,
                    at: now,
                    nextTry: now.advanced(by: wait)
                )
                if let pause { trouble.rateLimitedUntil = now.advanced(by: pause) }
                record.trouble = trouble
            }
        } catch {
            logger.error("certificate's failure not recorded", error: error)
        }
        logger.error(
            "certificate not issued",
            metadata: ["tls.host": "\(name.hostname)", "app": "\(name.app)", "reason": "\(words)"]
        )
    }
}

extension CertificateKeeper {
    /// Keeps a certificate: its key first, so that no record names one that is not there.
    nonisolated func keep(
        _ pair: CertificateReader.Pair,
        of name: OwnedName,
        from source: HostCertificate.Source
    ) async throws {
        // A file of its own for each name, so that one goes without another noticing.
        let key = String(Digest.hex(Data((name.hostname + "\n" + pair.key).utf8)).prefix(40))
        try tools.keys.save(pair.key, as: key)
        try await change(name) { record in
            record[source] = HostCertificate.Issued(chain: pair.chain, key: key, facts: pair.facts)
            if source == .authority { record.trouble = nil }
        }
    }

    /// Changes a record, which is made when there is none; keys that it no longer names go.
    @discardableResult
    nonisolated func change(
        _ name: OwnedName,
        _ body: (inout HostCertificate) -> Void
    ) async throws -> HostCertificate {
        while true {
            let now = tools.now()
            let before = try await store.certificates.get(name.hostname)
            var record =
                before?.value ?? HostCertificate(hostname: name.hostname, app: name.app, at: now, acme: true)
            let keys = record.keys
            body(&record)
            record.updatedAt = now
            do {
                try await store.certificates.put(name.hostname, record, expected: before?.revision ?? 0)
            } catch let fault as Fault where fault.code == .revisionConflict {
                continue
            }
            for key in keys.subtracting(record.keys) { try? tools.keys.remove(key) }
            return record
        }
    }
}
