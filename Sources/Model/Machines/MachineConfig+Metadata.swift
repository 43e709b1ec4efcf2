/// Metadata that Fly's tools write and that Roost acts on; all other keys belong to whoever set them.
extension MachineConfig {
    /// Which process group of `fly.toml` a Machine is of.
    package static let groupKey = "fly_process_group"
    /// `v2` for a Machine that deploys look after.
    package static let platformKey = "fly_platform_version"
    /// The release that it runs.
    package static let releaseKey = "fly_release_version"

    /// Whether deploys look after Machines with such metadata: not those that a person made, nor those that run one
    /// command.
    package static func isManaged(_ metadata: [String: String]) -> Bool {
        metadata[platformKey] == "v2" && !Machine.passingGroups.contains(metadata[groupKey] ?? "")
    }

    /// The digest of its image; empty when the image is named by no digest.
    package var imageDigest: String { Image.digest(in: image) ?? "" }
}

extension Image {
    /// How this host names an image that it has: `roost/<app>@sha256:…`.
    package static func reference(app: String, digest: String) -> String {
        "\(MachineImageName.local)/\(app)@\(digest)"
    }

    /// The digest that a reference names, or is; nil when it names none.
    package static func digest(in reference: String) -> String? {
        if reference.hasPrefix("sha256:") { return reference }
        return reference.split(separator: "@", maxSplits: 1).dropFirst().first.map(String.init)
    }
}

extension AppConfig {
    /// Where Machines of the app stand, on a host in `region`.
    package func region(onHostIn region: String) -> String { primaryRegion ?? region }
}
