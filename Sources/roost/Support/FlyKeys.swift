import Foundation
import Model
import Toolkit

/// The keys under which flyctl prints what Roost names as its API does: scripts that were written for either find theirs.
enum FlyKeys {
    /// A value as JSON with more keys.
    static func adding(_ more: [String: JSONValue], to value: some Encodable) throws -> JSONValue {
        let own = try JSONValue.parse(try JSONEncoder().encode(value), what: "an answer").object ?? [:]
        return .object(more.merging(own) { $1 })
    }

    static func app(_ app: AppView) -> [String: JSONValue] {
        [
            "ID": .string(app.id), "Name": .string(app.name), "Status": .string(app.status),
            "Deployed": .bool(app.release != nil), "Hostname": .string(app.hostname), "AppURL": .string(app.url),
            "Version": .int(Int64(app.release ?? 0)), "PlatformVersion": .string("machines"),
            "Organization": .object([
                "ID": .string(organization), "Slug": .string(organization), "Name": .string(organization),
            ]),
        ]
    }

    static func release(_ version: Int, status: String, description: String) -> [String: JSONValue] {
        [
            "ID": .string("v\(version)"), "Version": .int(Int64(version)), "Status": .string(status),
            "Stable": .bool(status == "complete"), "InProgress": .bool(status == "running" || status == "pending"),
            "Description": .string(description), "Reason": .string(description),
        ]
    }

    static func address(_ address: IPAssignment) throws -> JSONValue {
        let more: [String: JSONValue] = [
            "ID": .string(address.ip), "Address": .string(address.ip), "Type": .string(address.type),
            "Region": .string(address.region), "CreatedAt": .string(address.createdAt),
        ]
        return try adding(more, to: address)
    }

    static func secret(name: String, digest: String, createdAt: String) -> [String: JSONValue] {
        ["Name": .string(name), "Digest": .string(digest), "CreatedAt": .string(createdAt)]
    }

    // MARK: - Private

    /// There is one.
    private static let organization = "personal"
}
