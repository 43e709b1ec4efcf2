import Foundation
import Hummingbird
import Model
import Toolkit

/// `/v1/apps/{app}/machines/{id}/metadata`: changes need no lease, take effect at once and make no new version.
struct MetadataRoutes {
    let apps: Apps
    let machines: Machines

    func add(to router: Router<BasicRequestContext>) {
        let path: RouterPath = "/v1/apps/:app/machines/:id/metadata"
        let key: RouterPath = "/v1/apps/:app/machines/:id/metadata/:key"
        router.get(path) { _, context in
            JSONAnswer.make(.strings(try await machines.get(context, apps).spec.config.metadata))
        }
        router.put(path) { request, context in try await change(request, context, replacesAll: true) }
        router.patch(path) { request, context in try await change(request, context, replacesAll: false) }
        router.get(key) { _, context in
            let machine = try await machines.get(context, apps)
            let name = try name(context)
            guard let value = machine.spec.config.metadata[name] else {
                throw Fault(.notFound, "Machine \(machine.id) has no metadata \(ConfigNode.quoted(name))")
            }
            return JSONAnswer.make(.object(["value": .string(value)]))
        }
        router.post(key) { request, context in
            let body = try await request.object()
            guard let value = try body.text("value") else {
                throw Fault(.invalidRequest, "request body: value is missing")
            }
            return try await set(
                context,
                MetadataChange([try name(context): value], updatedAt: try body.text("updated_at"))
            )
        }
        router.delete(key) { _, context in
            try await set(context, MetadataChange([try name(context): nil]))
        }
    }

    // MARK: - Private

    private func name(_ context: BasicRequestContext) throws -> String {
        let text = try context.parameters.require("key")
        return text.removingPercentEncoding ?? text
    }

    private func change(
        _ request: Request,
        _ context: BasicRequestContext,
        replacesAll: Bool
    ) async throws -> Response {
        let body = try await request.object()
        guard let members = body["metadata"]?.object else {
            throw Fault(.invalidRequest, "request body: metadata: expected an object of strings")
        }
        var values: [String: String?] = [:]
        for (key, value) in members {
            switch value {
            case .string(let text): values[key] = .some(text)
            case .null: values[key] = .some(nil)
            default:
                throw Fault(.invalidRequest, "request body: metadata.\(key): expected a string, found \(value.kind)")
            }
        }
        return try await set(
            context,
            MetadataChange(
                values,
                replacesAll: replacesAll,
                instance: try body.text("machine_version"),
                updatedAt: try body.text("updated_at")
            )
        )
    }

    private func set(_ context: BasicRequestContext, _ change: MetadataChange) async throws -> Response {
        let machine = try await machines.get(context, apps)
        try await machines.fleet.setMetadata(machine.id, change)
        return Response(status: .noContent)
    }
}
