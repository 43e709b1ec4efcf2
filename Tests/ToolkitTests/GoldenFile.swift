import Foundation
import Model
import Testing
import Toolkit

/// The files of `Tests/Golden`: each shape that a kind of value was ever stored or sent in, as a list of samples.
///
/// The same samples stand in every file of a kind. Older files are never changed; the newest one is written anew by
/// `ROOST_WRITE_GOLDEN=1 swift test --filter Golden`, for a person to look at the difference.
enum GoldenFile {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden")

    /// Versions of a kind, oldest first.
    static func versions(_ kind: String) throws -> [Int] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: kind).path)
            .compactMap { Int($0.replacing(".json", with: "")) }.sorted()
    }

    static func samples(_ kind: String, _ version: Int) throws -> [ConfigValue] {
        let data = try Data(contentsOf: folder.appending(path: "\(kind)/\(version).json"))
        guard case .array(let samples) = try JSON.decode(ConfigValue.self, from: data, what: kind) else { return [] }
        return samples
    }

    static func write(_ kind: String, _ version: Int, _ samples: [ConfigValue]) throws {
        let lines = try samples.map { String(decoding: try JSON.encode($0), as: UTF8.self) }
        let text = "[\n" + lines.joined(separator: ",\n") + "\n]\n"
        try Data(text.utf8).write(to: folder.appending(path: "\(kind)/\(version).json"))
    }

    static var isWriting: Bool { ProcessInfo.processInfo.environment["ROOST_WRITE_GOLDEN"] == "1" }
}

/// One kind of value that is stored or sent.
struct GoldenKind: Sendable, CustomTestStringConvertible {
    let name: String
    /// Whether a later version may say of itself that it is one.
    let hasSchema: Bool
    /// What a sample means, written in today's form.
    let again: @Sendable (ConfigValue, Leftovers?) throws -> ConfigValue

    var testDescription: String { name }

    init<Value: Codable & SendableMetatype>(_ name: String, _: Value.Type) {
        self.name = name
        hasSchema = ((Value.self as? any KeyedForm.Type)?.schema ?? nil) != nil
        again = { sample, leftovers in
            let value = try JSON.decode(Value.self, from: try JSON.encode(sample), what: name, leaving: leftovers)
            return try JSON.decode(ConfigValue.self, from: try JSON.encode(value), what: name)
        }
    }

    static let all: [GoldenKind] = [
        GoldenKind("machine", Machine.self), GoldenKind("app", App.self), GoldenKind("release", Release.self),
        GoldenKind("app-config", AppConfig.self), GoldenKind("rollout", Rollout.self),
        GoldenKind("volume", Volume.self), GoldenKind("route-table", RouteTable.self),
        GoldenKind("edge-report", EdgeReport.self), GoldenKind("edge-order", EdgeOrder.self),
        GoldenKind("source-manifest", SourceManifest.self), GoldenKind("deploy-request", DeployRequest.self),
        GoldenKind("rollout-event", RolloutEvent.self), GoldenKind("machine-version", MachineVersion.self),
        GoldenKind("machine-lease", MachineLease.self), GoldenKind("keyed-call", KeyedCall.self),
        GoldenKind("api-token", APIToken.self),
        GoldenKind("app-view", AppView.self), GoldenKind("names", NameChanges.self),
        GoldenKind("network", AppNetwork.self), GoldenKind("error-body", ErrorBody.self),
        GoldenKind("log-line", LogLine.self), GoldenKind("tryout-request", TryoutRequest.self),
        GoldenKind("tryout-answer", TryoutAnswer.self), GoldenKind("machine-look", MachineLook.self),
        GoldenKind("image", Image.self), GoldenKind("volume-snapshot", VolumeSnapshot.self),
        GoldenKind("schedule-mark", ScheduleMark.self), GoldenKind("secret-set", SecretSet.self),
        GoldenKind("release-order", ReleaseOrder.self), GoldenKind("session-order", SessionOrder.self),
        GoldenKind("host-certificate", HostCertificate.self), GoldenKind("certificate-news", CertificateNews.self),
        GoldenKind("machine-config", MachineConfig.self), GoldenKind("route", Route.self),
        GoldenKind("edge-counts", EdgeCounts.self), GoldenKind("builder-view", BuilderView.self),
        GoldenKind("base-image-view", BaseImageView.self), GoldenKind("disk-view", DiskView.self),
        GoldenKind("disk-pruned", DiskPruned.self), GoldenKind("alert-book", AlertBook.self),
        GoldenKind("alerts-view", AlertsView.self), GoldenKind("backup-manifest", BackupManifest.self),
        GoldenKind("backup-settings", BackupSettings.self), GoldenKind("backup-status", BackupStatus.self),
        GoldenKind("backup-view", BackupView.self), GoldenKind("sealed-keys", SealedKeys.self),
        GoldenKind("key-bundle", KeyBundle.self), GoldenKind("app-addresses", App.self),
        GoldenKind("private-route", Route.self), GoldenKind("private-names", NameChanges.self),
        GoldenKind("ip-assignment", IPAssignment.self), GoldenKind("log-drain-book", LogDrainBook.self),
        GoldenKind("log-drains-view", LogDrainsView.self),
    ]
}

extension ConfigValue {
    /// With a key in every object that no version knows; names that users choose are left alone.
    func grown(under name: String = "") -> ConfigValue {
        switch self {
        case .table(let table):
            var result = Dictionary(uniqueKeysWithValues: table.map { ($0, $1.grown(under: $0)) })
            if Self.chosen.contains(name) || (name == "settings" && table["a"] != nil) { return self }
            if !Self.maps.contains(name) { result["x_later"] = .table(["deep": .array([.integer(1)])]) }
            return .table(result)
        case .array(let list): return .array(list.map { $0.grown(under: Self.chosen.contains(name) ? name : "") })
        default: return self
        }
    }

    /// Keys of users with plain values.
    private static let chosen: Set<String> = [
        "env", "metadata", "lines", "labels", "args", "processes", "exportedSecrets", "environment", "headers",
        "x_later",
        "counts",
        "challenges",
    ]
    /// Keys of users with objects.
    private static let maps: Set<String> = [
        "checks", "tallies", "checkTLS", "secrets", "sizes", "apps", "workers", "answers", "drains",
    ]

    func without(_ key: String) -> ConfigValue {
        switch self {
        case .table(let table): .table(table.filter { $0.key != key }.mapValues { $0.without(key) })
        case .array(let list): .array(list.map { $0.without(key) })
        default: self
        }
    }
}
