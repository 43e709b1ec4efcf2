extension AppConfig {
    /// One of `[[statics]]`.
    package struct Static: Equatable, Sendable {
        package var guestPath: String
        package var urlPrefix: String
        package var tigrisBucket: String?
        package var indexDocument: String?
    }

    /// One of `[[files]]`; without a source it takes away an earlier one of the same path.
    package struct File: Equatable, Sendable {
        package var processes: [String] = []
        /// Absolute.
        package var guestPath: String
        /// Relative to the folder of the configuration file; beats the other two.
        package var localPath: String?
        package var secretName: String?
        /// The content in base64.
        package var rawValue: String?
    }

    /// One of `[[metrics]]`.
    package struct Metrics: Equatable, Sendable {
        package var processes: [String] = []
        package var port: Int
        package var path: String?
        package var https: Bool?
    }

    /// One of `[[machine_checks]]`: a Machine that tests another one during a deploy.
    package struct MachineCheck: Equatable, Sendable {
        package var command: [String]
        package var image: String?
        package var entrypoint: [String]?
        package var killSignal: MachineConfig.Signal?
        package var killTimeout: GoDuration?
    }

    /// The rest of `[experimental]`.
    package struct Experimental: Equatable, Sendable {
        package var autoRollback: Bool?
        package var enableConsul: Bool?
        package var enableEtcd: Bool?
        package var lazyLoadImages: Bool?
        /// Beats the one at the top.
        package var machineConfig: String?
        /// `attached.secrets.export`.
        package var exportedSecrets: [String: String]?

        /// Nothing.
        package init() {}
    }

    /// What `[[vm]]` says beside the size.
    package struct VMOptions: Equatable, Sendable {
        package var maxMemoryMiB: Int?
        package var gpus: Int?
        package var gpuKind: String?
        package var kernelArgs: [String]?
        /// Beats the one at the top.
        package var hostDedicationID: String?
        /// Nil is never.
        package var persistRootFS: Persistence?

        /// Nothing.
        package init() {}

        /// What the file system's changes survive.
        package enum Persistence: OpenWord {
            case restart
            case always
            case unknown(String)

            package static let allCases: [Self] = [.restart, .always]

            package var rawValue: String {
                switch self {
                case .restart: "restart"
                case .always: "always"
                case .unknown(let word): word
                }
            }
        }
    }
}
