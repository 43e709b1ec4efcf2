import Certificates
import Foundation
import Model
import NIOPosix
import Store
import Toolkit

/// What people do with host names and their certificates.
package struct HostCertificates: Sendable {
    let keeper: CertificateKeeper
    private var store: any StateStore { keeper.store }

    package init(keeper: CertificateKeeper) { self.keeper = keeper }

    func list(_ app: App) async throws -> [HostCertificate] {
        try await store.certificates.list { _, _ in }.filter { $0.app == app.name || $0.app == nil }
    }

    func get(_ app: App, _ hostname: String) async throws -> HostCertificate {
        let name = HostName.canonical(hostname)
        guard let record = try await store.certificates.get(name)?.value, record.app == app.name || record.app == nil
        else { throw Self.unknown(name, app.name) }
        return record
    }

    /// Gives an app a host name, and has it certified.
    func add(_ app: App, _ hostname: String) async throws -> HostCertificate {
        let name = try await claim(app, hostname)
        if name.hostname.hasPrefix("*.") {
            throw Fault(
                .unsupported,
                "\(name.hostname): a certificate for all names of a domain needs DNS-01, which Roost can't do yet",
                hint: "bring one: roost certs import '\(name.hostname)' --fullchain FILE --private-key FILE"
            )
        }
        if let before = try await store.certificates.get(name.hostname)?.value, before.acme, isAdded(app, name) {
            throw Fault(
                .nameTaken,
                "\(name.hostname) has been added to \(app.name) already",
                hint: "roost certs check \(name.hostname) says how far it is"
            )
        }
        return try await own(name) { $0.acme = true }
    }

    /// Takes a certificate that somebody brings; nothing changes when it does not fit.
    func bring(_ app: App, _ wanted: CertificateImport) async throws -> HostCertificate {
        let name = try await claim(app, wanted.hostname)
        let pair = try CertificateReader.check(
            chain: wanted.fullchain,
            key: wanted.privateKey,
            for: name.hostname,
            at: keeper.tools.now()
        )
        let isNew = try await store.certificates.get(name.hostname) == nil
        try await own(name) { record in
            if isNew { record.acme = false }
        }
        try await keeper.keep(pair, of: name, from: .custom)
        return try await get(app, name.hostname)
    }

    /// What a removal takes away.
    enum Part: Sendable { case all, acme, custom }

    /// Takes certificates away; with all of them the host name goes from the app, unless its configuration has it.
    ///
    /// - Returns: what is left; nil when nothing is.
    func remove(_ app: App, _ hostname: String, _ part: Part) async throws -> HostCertificate? {
        let record = try await get(app, hostname)
        let name = OwnedName(hostname: record.hostname, app: app.name)
        switch part {
        case .custom: return try await keeper.change(name) { $0.custom = nil }
        case .acme:
            return try await keeper.change(name) {
                $0.acme = false
                $0.issued = nil
                $0.trouble = nil
            }
        case .all: break
        }
        try await store.apps.update(app.name, missing: Fault(.appNotFound, "app \(app.name) is gone")) {
            $0.addedHostnames?.removeAll { $0 == record.hostname }
        }
        // The name stays in the configuration, and would be ordered again at once.
        if app.hostnames.contains(record.hostname) || record.hostname == "\(app.name).\(keeper.domain)" {
            return try await keeper.change(name) {
                $0.acme = false
                $0.custom = nil
                $0.issued = nil
                $0.trouble = nil
            }
        }
        try await store.certificates.delete(record.hostname)
        for key in record.keys { try? keeper.tools.keys.remove(key) }
        return nil
    }

    /// Lets the authority be asked again now, if it did not ask to be left alone.
    func retry(_ record: HostCertificate) async throws -> HostCertificate {
        let now = keeper.tools.now()
        guard let app = record.app, let trouble = record.trouble, now.since(trouble.at) > .seconds(30),
            (trouble.rateLimitedUntil ?? now) <= now, trouble.nextTry > now
        else { return record }
        return try await keeper.change(OwnedName(hostname: record.hostname, app: app)) { $0.trouble?.nextTry = now }
    }

    /// Everything of an app that goes.
    func forget(_ app: String) async throws {
        for record in try await store.certificates.list(unreadable: { _, _ in }) where record.app == app {
            try await store.certificates.delete(record.hostname)
            for key in record.keys { try? keeper.tools.keys.remove(key) }
        }
    }

    // MARK: - Private

    private static func unknown(_ name: String, _ app: String) -> Fault {
        Fault(
            .certificateNotFound,
            "\(app) has no host name \(name)",
            hint: "roost certs list -a \(app) shows those it has; roost certs add \(name) -a \(app) gives it one"
        )
    }

    private func isAdded(_ app: App, _ name: OwnedName) -> Bool {
        app.allHostnames.contains(name.hostname) || name.hostname == "\(app.name).\(keeper.domain)"
    }

    /// The name in its one form, if the app may have it.
    private func claim(_ app: App, _ hostname: String) async throws -> OwnedName {
        let name = HostName.canonical(hostname)
        guard HostName.isValidPattern(name) else {
            throw Fault(
                .invalidRequest,
                "\"\(hostname)\" is no host name that the edge can route",
                hint: "for example www.example.com or *.example.com"
            )
        }
        let domain = keeper.domain
        let isOwn = name == "\(app.name).\(domain)" || name == "*.\(domain)"
        guard isOwn || (name != domain && !name.hasSuffix(".\(domain)")) else {
            throw Fault(.invalidRequest, "\(name): names under \(domain) belong to the apps they name")
        }
        let others = try await store.apps.list { _, _ in }.filter { $0.name != app.name }
        let owner = others.first { $0.allHostnames.contains(name) }?.name
        let claimed = try await store.certificates.get(name)?.value.app
        if let other = owner ?? claimed, other != app.name {
            throw Fault(
                .nameTaken,
                "host name \(name) belongs to app \(other)",
                hint: "take it from that app first: roost certs remove \(name) -a \(other)"
            )
        }
        return OwnedName(hostname: name, app: app.name)
    }

    /// Writes the record first: it is what keeps two apps from having one name.
    @discardableResult
    private func own(_ name: OwnedName, _ body: (inout HostCertificate) -> Void) async throws -> HostCertificate {
        let isShared = name.hostname == "*.\(keeper.domain)"
        let record = try await keeper.change(name) { record in
            if isShared { record.app = nil }
            body(&record)
        }
        guard isShared || record.app == name.app else {
            throw Fault(.nameTaken, "host name \(name.hostname) belongs to app \(record.app ?? "-")")
        }
        guard !isShared, name.hostname != "\(name.app).\(keeper.domain)" else { return record }
        try await store.apps.update(name.app, missing: Fault(.appNotFound, "app \(name.app) is gone")) { app in
            guard !app.allHostnames.contains(name.hostname) else { return }
            app.addedHostnames = (app.addedHostnames ?? []) + [name.hostname]
        }
        return record
    }
}
