import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct ReleasesGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "releases",
        abstract: "What was deployed when, and the way back to it.",
        subcommands: [ReleasesList.self, ReleasesRollback.self],
        defaultSubcommand: ReleasesList.self
    )
}

struct ReleasesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the releases that are kept, newest first.",
        aliases: ["ls"]
    )

    @OptionGroup var connection: Connection
    @Flag(help: "Show the images as well; `roost deploy --image` takes them.") var image = false
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    /// A release without its configuration.
    private struct Row: Encodable {
        var version: Int
        var status: String
        var description: String
        var user: String
        var createdAt: String
        var imageRef: String
        /// The version of the app's secrets.
        var secrets: Int?
        /// Machines by group.
        var counts: [String: Int]?
        var inService: Bool

        var flyKeys: [String: JSONValue] {
            var keys = FlyKeys.release(version, status: status, description: description)
            keys["User"] = .object(["Name": .string(user), "Email": .string(user)])
            (keys["CreatedAt"], keys["ImageRef"]) = (.string(createdAt), .string(imageRef))
            return keys
        }

        private enum CodingKeys: String, CodingKey {
            case version, status, description, user, secrets, counts
            case createdAt = "created_at"
            case imageRef = "image_ref"
            case inService = "in_service"
        }
    }

    func run() async throws {
        let app = try connection.appName()
        let (releases, current) = try await RoostClient.atHost { client in
            (
                try await client.get(apiPath("apps", app, "releases"), as: [Release].self),
                try await client.get(apiPath("apps", app), as: AppView.self).release
            )
        }
        let rows = releases.reversed().prefix(25).map { release in
            Row(
                version: release.version,
                status: release.status.rawValue,
                description: release.reason ?? "Release",
                user: release.user,
                createdAt: release.createdAt.rfc3339,
                imageRef: release.image,
                secrets: release.secrets,
                counts: release.counts,
                inService: release.version == current
            )
        }
        if json { return try Output.json(try rows.map { try FlyKeys.adding($0.flyKeys, to: $0) }) }
        var table =
            image
            ? Table("VERSION", "STATUS", "DESCRIPTION", "USER", "DATE", "DOCKER IMAGE")
            : Table("VERSION", "STATUS", "DESCRIPTION", "USER", "DATE")
        for row in rows {
            let status = row.inService ? "\(row.status) (in service)" : row.status
            let cells = [Output.harmless(row.description), Output.harmless(row.user), row.createdAt]
            if image {
                table.add("v\(row.version)", status, cells[0], cells[1], cells[2], row.imageRef)
            } else {
                table.add("v\(row.version)", status, cells[0], cells[1], cells[2])
            }
        }
        Output.table(table)
    }
}

struct ReleasesRollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Go back to an earlier release, whole: image, configuration, secrets, sizes and counts.",
        discussion: """
            Without a version it is the release before the one in service; after a deploy that failed, the one in \
            service. Data on volumes and in databases stays as it is.
            """
    )

    @OptionGroup var connection: Connection
    @Argument(help: "A version of `roost releases`: v3 or 3.") var version: ReleaseVersion?
    @Flag(help: "Start it and return at once.") var detach = false
    @Flag(name: [.short, .long], help: "Accepted: nothing is asked.") var yes = false
    @Flag(name: [.short, .long], help: "Print how it ended as JSON; the rest goes to standard error.") var json = false

    func run() async throws {
        let app = try connection.appName()
        var order = ReleaseOrder(.rollback, user: Person.current)
        order.version = version?.number
        try await RoostClient.atHost { client in
            let rollout = try await client.post(apiPath("apps", app, "releases"), order, as: Rollout.self)
            guard detach else { return try await DeployWatch(client: client, json: json).follow(rollout) }
            if json { return try Output.json(rollout) }
            print("deploy \(rollout.id) is under way: roost deploy --watch -a \(app)")
        }
    }
}

/// `v3` or `3`.
struct ReleaseVersion: ExpressibleByArgument {
    var number: Int

    init?(argument: String) {
        let digits = argument.hasPrefix("v") ? argument.dropFirst() : Substring(argument)
        guard let number = Int(digits), number > 0 else { return nil }
        self.number = number
    }
}
