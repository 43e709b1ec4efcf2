import Foundation
import Hummingbird
import Model
import Toolkit

/// `/v1/apps/{app}/ip_assignments`, in Fly's form.
///
/// > Source: `machines-api`, section 14.
struct IPRoutes {
    let addresses: AppAddresses

    func add(to router: Router<BasicRequestContext>) {
        let base = "/v1/apps/:app/ip_assignments"
        router.get("\(base)") { _, context in
            let all = try await addresses.list(try context.parameters.require("app"))
            return try JSONAnswer.make(IPAssignments(ips: all))
        }
        router.post("\(base)") { request, context in
            let body = try await request.object()
            let kind = try IPAssignment.Kind.read(try body.text("type"))
            if let slug = try body.text("org_slug"), !slug.isEmpty, slug != Organization.slug {
                throw Fault(
                    .notFound,
                    "there is no organisation \(slug)",
                    hint: "leave org_slug out: there is one, \(Organization.slug)"
                )
            }
            let network = try body.text("network").flatMap { $0.isEmpty ? nil : $0 }
            let name = try context.parameters.require("app")
            return try JSONAnswer.make(try await addresses.allocate(name, kind, network: network))
        }
        router.delete("\(base)/:ip") { _, context in
            let ip = try context.parameters.require("ip")
            // As a client escapes it: of the two families only IPv6 has what needs it.
            let text = ip.removingPercentEncoding ?? ip
            try await addresses.release(try context.parameters.require("app"), text)
            return Response(status: .noContent)
        }
    }
}
