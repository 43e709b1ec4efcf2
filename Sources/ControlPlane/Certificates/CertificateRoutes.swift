import Certificates
import Foundation
import HTTPTypes
import Hummingbird
import Model
import NIOPosix
import Toolkit

/// `/v1/apps/{app}/certificates`, in Fly's form.
///
/// > Source: `machines-api`, section 13.
struct CertificateRoutes {
    let apps: Apps
    let certificates: HostCertificates

    private struct Wanted: Decodable {
        var hostname: String
    }

    func add(to router: Router<BasicRequestContext>) {
        let base = "/v1/apps/:app/certificates"
        router.get("\(base)") { request, context in
            let records = try await certificates.list(try await app(context))
            return try JSONAnswer.make(try page(records, request))
        }
        router.post("\(base)/acme") { request, context in
            let wanted = try await request.json(Wanted.self)
            let record = try await certificates.add(try await app(context), wanted.hostname)
            return try JSONAnswer.make(await detail(record), status: .created)
        }
        router.post("\(base)/custom") { request, context in
            let wanted = try await request.json(CertificateImport.self)
            let record = try await certificates.bring(try await app(context), wanted)
            return try JSONAnswer.make(await detail(record), status: .created)
        }
        router.get("\(base)/:hostname") { _, context in
            try JSONAnswer.make(await detail(try await record(context)))
        }
        router.post("\(base)/:hostname/check") { _, context in
            let record = try await certificates.retry(try await record(context))
            return try JSONAnswer.make(await detail(record, resolving: true))
        }
        addRemoval(to: router, base)
        router.get("/v1/certificates/authority") { _, _ in
            try JSONAnswer.make(["certificate": certificates.keeper.tools.local.certificate])
        }
    }

    // MARK: - Private

    private func addRemoval(to router: Router<BasicRequestContext>, _ base: String) {
        router.delete("\(base)/:hostname") { _, context in
            _ = try await certificates.remove(try await app(context), try hostname(context), .all)
            return Response(status: .noContent)
        }
        router.delete("\(base)/:hostname/acme") { _, context in
            let left = try await certificates.remove(try await app(context), try hostname(context), .acme)
            return try await answer(left)
        }
        router.delete("\(base)/:hostname/custom") { _, context in
            let left = try await certificates.remove(try await app(context), try hostname(context), .custom)
            return try await answer(left)
        }
    }

    private func answer(_ left: HostCertificate?) async throws -> Response {
        guard let left else { return Response(status: .noContent) }
        var view = await detail(left)
        if !view.configured { view.warning = "\(left.hostname) has no certificate any more: clients are refused" }
        return try JSONAnswer.make(view)
    }

    private func app(_ context: BasicRequestContext) async throws -> App {
        try await apps.get(try context.parameters.require("app"))
    }

    /// A wildcard comes as `%2A`.
    private func hostname(_ context: BasicRequestContext) throws -> String {
        let text = try context.parameters.require("hostname")
        return text.removingPercentEncoding ?? text
    }

    private func record(_ context: BasicRequestContext) async throws -> HostCertificate {
        try await certificates.get(try await app(context), try hostname(context))
    }

    private func page(_ records: [HostCertificate], _ request: Request) throws -> CertificateList {
        let filter = request.query("filter").map { HostName.canonical($0) }
        let all = records.filter { record in filter.map { record.hostname.contains($0) } ?? true }
        let limit = min(500, max(1, request.query("limit").flatMap { Int($0) } ?? 25))
        let after = request.query("cursor") ?? ""
        let rest = all.filter { $0.hostname > after }
        let now = certificates.keeper.tools.now()
        return CertificateList(
            certificates: rest.prefix(limit).map { CertificateSummary($0, at: now) },
            totalCount: all.count,
            nextCursor: rest.count > limit ? rest[limit - 1].hostname : nil
        )
    }

    private func detail(_ record: HostCertificate, resolving: Bool = false) async -> CertificateDetail {
        let own = Addresses.ofHost()
        var view = CertificateDetail(record, at: certificates.keeper.tools.now(), addresses: own)
        if certificates.keeper.tools.acme == nil, record.acme, record.local == nil, !view.configured {
            view.validationErrors.append(.noAuthority(at: record.updatedAt))
        }
        guard resolving, !record.hostname.hasPrefix("*.") else { return view }
        let found = (try? await NIOThreadPool.singleton.runIfActive { Addresses.of(record.hostname) }) ?? []
        view.dnsRecords = CertificateDetail.Records(resolvedAddresses: found)
        // Behind a provider's translation a host does not know the address that it is reached by.
        view.validation.dnsConfigured = own.isEmpty ? !found.isEmpty : found.contains { own.contains($0) }
        return view
    }
}

extension CertificateDetail.ValidationError {
    fileprivate static func noAuthority(at time: Timestamp) -> Self {
        Self(
            code: "no_authority",
            message: "this host is set up with no authority to order certificates from",
            remediation: "add [acme] to roost.toml and restart roostd serve, or bring one: roost certs import",
            timestamp: time.rfc3339
        )
    }
}
