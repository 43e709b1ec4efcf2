import Hummingbird
import Model

/// The OpenAPI document, made of the table of endpoints.
///
/// > Source: OpenAPI Specification 3.1.1.
enum OpenAPI {
    static let document: JSONValue = .object([
        "openapi": .string("3.1.1"),
        "info": .object([
            "title": .string("Roost Machines API"), "version": .string("1"),
            "description": .string(
                "Fly's Machines API as Roost serves it. Fields that only Roost has stand beside Fly's."
            ),
        ]),
        "servers": .array([.object(["url": .string("/")])]),
        "security": .array([.object(["token": .array([])])]),
        "paths": .object(paths),
        "components": .object([
            "securitySchemes": .object([
                "token": .object(["type": .string("http"), "scheme": .string("bearer")])
            ]),
            "schemas": .object(OpenAPISchemas.all),
        ]),
    ])

    static func add(to router: Router<BasicRequestContext>) {
        let text = document.text
        router.get("/v1/openapi.json") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: .init(string: text))
            )
        }
    }

    // MARK: - Private

    private static var paths: [String: JSONValue] {
        Dictionary(grouping: Endpoints.all, by: \.path).mapValues { endpoints in
            .object(Dictionary(endpoints.map { ($0.method.lowercased(), operation($0)) }) { $1 })
        }
    }

    private static func operation(_ endpoint: Endpoint) -> JSONValue {
        var members: [String: JSONValue] = [
            "operationId": .string(endpoint.id), "summary": .string(endpoint.summary),
            "parameters": .array(parameters(endpoint)), "responses": .object(responses(endpoint)),
            "x-roost-access": .string(endpoint.access.rawValue),
        ]
        if let body = endpoint.body {
            members["requestBody"] = .object([
                "required": .bool(false),
                "content": content(body),
            ])
        }
        if endpoint.access == .open { members["security"] = .array([]) }
        return .object(members)
    }

    private static func parameters(_ endpoint: Endpoint) -> [JSONValue] {
        func one(_ name: String, in place: String, _ type: String) -> JSONValue {
            .object([
                "name": .string(name), "in": .string(place), "required": .bool(place == "path"),
                "schema": .object(["type": .string(type)]),
            ])
        }
        let inPath = endpoint.parameters.map { one($0, in: "path", "string") }
        let inQuery = endpoint.query.map { one($0.name, in: "query", $0.type) }
        let lease = endpoint.isLeased ? [one("fly-machine-lease-nonce", in: "header", "string")] : []
        let key = endpoint.isKeyed ? [one("Idempotency-Key", in: "header", "string")] : []
        return inPath + inQuery + lease + key
    }

    private static func responses(_ endpoint: Endpoint) -> [String: JSONValue] {
        var good: [String: JSONValue] = ["description": .string("Done.")]
        if let answer = endpoint.answer { good["content"] = content(answer) }
        let bad: JSONValue = .object(["description": .string("Why not."), "content": content("Error")])
        return [String(endpoint.status): .object(good), "default": bad]
    }

    private static func content(_ schema: String) -> JSONValue {
        if schema == "Bytes" {
            return .object(["application/octet-stream": .object([:])])
        }
        let isList = schema.hasPrefix("[")
        let name = isList ? String(schema.dropFirst().dropLast()) : schema
        let reference: JSONValue = .object(["$ref": .string("#/components/schemas/\(name)")])
        let whole: JSONValue = isList ? .object(["type": .string("array"), "items": reference]) : reference
        return .object(["application/json": .object(["schema": whole])])
    }
}
