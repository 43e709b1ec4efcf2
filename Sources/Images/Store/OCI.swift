import Model

/// The documents of an OCI image layout, as far as we read and write them.
///
/// > Source: OCI image specification 1.1: `descriptor.md`, `manifest.md`, `image-index.md`, `config.md`.
enum OCI {
    static let layoutText = #"{"imageLayoutVersion":"1.0.0"}"#
    static let manifestType = "application/vnd.oci.image.manifest.v1+json"
    static let configType = "application/vnd.oci.image.config.v1+json"
    static let layerType = "application/vnd.oci.image.layer.v1.tar"
    static let indexTypes: Set = [
        "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
    ]
    /// The name that an image was pulled or pushed by.
    static let referenceAnnotation = "org.opencontainers.image.ref.name"
    /// The most bytes of one of these documents.
    static let documentLimit = 4 << 20

    #if arch(arm64)
    static let architecture = "arm64"
    #else
    static let architecture = "amd64"
    #endif

    struct Descriptor: Codable, Equatable, Sendable {
        var mediaType: String
        var digest: String
        var size: Int64
        var annotations: [String: String]?
        var platform: Platform?

        init(mediaType: String, digest: String, size: Int64) {
            self.mediaType = mediaType
            self.digest = digest
            self.size = size
        }
    }

    struct Platform: Codable, Equatable, Sendable {
        var architecture: String
        var os: String
    }

    struct Index: Codable, Equatable, Sendable {
        var schemaVersion = 2
        var manifests: [Descriptor]
    }

    struct Manifest: Codable, Equatable, Sendable {
        var schemaVersion = 2
        var mediaType: String?
        var config: Descriptor
        var layers: [Descriptor]
    }

    struct ImageConfig: Codable, Equatable, Sendable {
        var architecture: String
        var os: String
        var config: Process?
        var rootfs: RootFS
        /// One for each layer, where somebody asks for it.
        var history: [History]?
    }

    struct History: Codable, Equatable, Sendable {
        var created = "1970-01-01T00:00:00Z"
        var createdBy: String

        enum CodingKeys: String, CodingKey {
            case created
            case createdBy = "created_by"
        }

        init(createdBy: String) {
            self.createdBy = createdBy
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            created = try values.decodeIfPresent(String.self, forKey: .created) ?? ""
            createdBy = try values.decodeIfPresent(String.self, forKey: .createdBy) ?? ""
        }
    }

    struct RootFS: Codable, Equatable, Sendable {
        var type = "layers"
        var diffIDs: [String]

        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }

    /// The members are named as Docker named them.
    struct Process: Codable, Equatable, Sendable {
        var user: String?
        var workingDirectory: String?
        var env: [String]?
        var entrypoint: [String]?
        var cmd: [String]?
        var exposedPorts: [String: Empty]?

        enum CodingKeys: String, CodingKey {
            case user = "User"
            case workingDirectory = "WorkingDir"
            case env = "Env"
            case entrypoint = "Entrypoint"
            case cmd = "Cmd"
            case exposedPorts = "ExposedPorts"
        }
    }

    struct Empty: Codable, Equatable, Sendable {}
}

extension OCI.Process {
    init(_ config: Image.Config) {
        user = config.user.isEmpty ? nil : config.user
        workingDirectory = config.workingDirectory
        env = config.env.isEmpty ? nil : config.env
        entrypoint = config.entrypoint.isEmpty ? nil : config.entrypoint
        cmd = config.cmd.isEmpty ? nil : config.cmd
    }
}

extension Image.Config {
    init(_ process: OCI.Process) {
        let folder = process.workingDirectory ?? ""
        self.init(
            user: process.user ?? "",
            workingDirectory: folder.isEmpty ? "/" : folder,
            env: process.env ?? [],
            entrypoint: process.entrypoint ?? [],
            cmd: process.cmd ?? []
        )
    }
}
