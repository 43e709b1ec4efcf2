import HTTPTypes
import Hummingbird
import Model
import Testing

@testable import ControlPlane

@Suite("The OpenAPI document", .timeLimit(.minutes(2)))
struct DocumentTests {
    @Test("describes each route that is served, and no other")
    func bothWays() async throws {
        try await APIHost.with { host in
            let document = try await host.ask("GET", "/v1/openapi.json").json
            #expect(document["openapi"] == .string("3.1.1"))
            var described: Set<String> = []
            for (path, operations) in document["paths"]?.object ?? [:] {
                for method in (operations.object ?? [:]).keys { described.insert("\(method.uppercased()) \(path)") }
            }
            let routes = Set(
                host.api.router().routes.map { "\($0.method.rawValue) \(Endpoints.pattern($0.path.description))" }
            )
            #expect(described == routes)
        }
    }

    @Test("each reference leads somewhere, each parameter of a path is described")
    func whole() async throws {
        try await APIHost.with { host in
            let document = try await host.ask("GET", "/v1/openapi.json").json
            let schemas = Set((document["components"]?["schemas"]?.object ?? [:]).keys)
            let references = document.strings(named: "$ref").map { String($0.dropFirst("#/components/schemas/".count)) }
            #expect(!references.isEmpty && Set(references).subtracting(schemas) == [])
            for (path, operations) in document["paths"]?.object ?? [:] {
                let wanted = Set(
                    path.split(separator: "/").filter { $0.hasPrefix("{") }.map { $0.dropFirst().dropLast() }
                )
                for operation in (operations.object ?? [:]).values {
                    let named =
                        operation["parameters"]?.array?.filter { $0["in"]?.string == "path" }
                        .compactMap { $0["name"]?.string.map { $0[...] } } ?? []
                    #expect(Set(named) == wanted, "\(path)")
                    #expect(operation["responses"]?["default"] != nil)
                }
            }
        }
    }

    @Test("an answer has no field of a kind that the document does not say")
    func answers() async throws {
        try await APIHost.with { host in
            let document = try await host.ask("GET", "/v1/openapi.json").json
            let schemas = document["components"]?["schemas"]?.object ?? [:]
            try await host.makeApp()
            let id = try await host.makeMachine()
            try await host.wait(id, "started")
            let volume = try await host.ask("POST", "/v1/apps/a/volumes", #"{"name":"data"}"#)
            let all: [(String, JSONValue)] = [
                ("App", try await host.ask("GET", "/v1/apps/a").json),
                ("Machine", try await host.ask("GET", "/v1/apps/a/machines/\(id)").json), ("Volume", volume.json),
                ("Regions", try await host.ask("GET", "/v1/platform/regions").json),
                ("LeaseAnswer", try await host.ask("POST", "/v1/apps/a/machines/\(id)/lease").json),
            ]
            for (name, value) in all {
                let properties = schemas[name]?["properties"]?.object ?? [:]
                for (field, found) in value.object ?? [:] {
                    guard let property = properties[field] else { continue }
                    let kinds = property["anyOf"]?.array ?? [property]
                    let types = kinds.compactMap { $0["type"]?.string ?? ($0["$ref"] != nil ? "object" : nil) }
                    #expect(types.contains(found.schemaType), "\(name).\(field) is \(found.text)")
                }
                #expect(Set(properties.keys).intersection((value.object ?? [:]).keys).count >= 2, "\(name)")
            }
        }
    }
}

extension JSONValue {
    fileprivate func strings(named name: String) -> [String] {
        switch self {
        case .object(let members):
            members.flatMap { $0.key == name ? $0.value.string.map { [$0] } ?? [] : $0.value.strings(named: name) }
        case .array(let items): items.flatMap { $0.strings(named: name) }
        default: []
        }
    }

    fileprivate var schemaType: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .int, .double: "integer"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
