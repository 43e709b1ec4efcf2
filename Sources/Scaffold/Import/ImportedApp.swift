import Model
import Toolkit

/// An app on its way from another platform into a `fly.toml`.
struct ImportedApp {
    var name: String
    /// The file that it is from.
    var source: String
    var region: String?
    var image: String?
    var dockerfile: String?
    var target: String?
    var arguments: [(name: String, value: String)] = []
    var groups: [Group] = []
    var environment = ImportedEnvironment()
    /// As `fly.toml` takes a command.
    var release: String?
    var killSignal: MachineConfig.Signal?
    var killSeconds: Int?
    var hostnames: [String] = []
    var notes: [String] = []

    init(name: String, source: String) {
        self.name = FlyValues.name(name)
        self.source = source
    }

    /// A process group.
    struct Group {
        var name: String
        /// As `fly.toml` takes a command; nil for the image's own.
        var command: String?
        /// Where it answers requests.
        var port: Int?
        /// Ports for other than HTTP.
        var ports: [(external: Int, internal: Int)] = []
        var check: Check?
        var guest: MachineConfig.Guest?
        var least: Int?
        var mounts: [(name: String, path: String, sizeGB: Int)] = []
        var restart: MachineConfig.Restart?

        init(_ name: String) {
            self.name = name
        }
    }

    struct Check {
        var path: String
        var intervalSeconds: Int?
        var timeoutSeconds: Int?
        var graceSeconds: Int?
    }

    /// Fly's usual port, for apps that take what `PORT` says.
    static let defaultPort = 8080

    /// The file, checked as a deploy would.
    ///
    /// - Throws: ``Fault`` when there is nothing to run.
    func finished() throws(Fault) -> Imported {
        guard !groups.isEmpty else {
            throw Fault(.invalidConfig, "\(source): nothing in it runs an app")
        }
        let text = ImportedText(self).text
        // Whatever was in the other file, what comes out of it can be deployed.
        let tree = try TOML.parse(text, file: "fly.toml")
        _ = try AppConfig.read(tree, file: "fly.toml", regions: [])
        var seen: Set<String> = []
        let sentences = notes + environment.notes
        return Imported(
            text: text,
            notes: sentences.map { Quoting.comment($0) }.filter { seen.insert($0).inserted },
            needed: environment.needed.map { Quoting.comment($0) }
        )
    }

    // MARK: - Reading along

    /// A size that Fly has and that is not less.
    static func guest(cpus: Double?, memoryMiB: Int?) -> MachineConfig.Guest? {
        guard cpus != nil || memoryMiB != nil else { return nil }
        let wanted = (cpus ?? 1).isFinite ? min(max(cpus ?? 1, 0), 128) : 1
        let memory = min(max(memoryMiB ?? 256, 1), 1 << 20)
        let steps = (memory + 255) / 256 * 256
        for count in [1, 2, 4, 6, 8] where Double(count) >= wanted && steps <= 2048 * count {
            return MachineConfig.Guest(cpuKind: .shared, cpus: count, memoryMiB: max(steps, 256 * count))
        }
        let whole = (memory + 1023) / 1024 * 1024
        for count in [1, 2, 4, 6, 8, 10, 12, 14, 16, 32, 64] where Double(count) >= wanted && whole <= 8192 * count {
            return MachineConfig.Guest(cpuKind: .performance, cpus: count, memoryMiB: max(whole, 2048 * count))
        }
        return MachineConfig.Guest(cpuKind: .performance, cpus: 128, memoryMiB: 8192 * 128)
    }

    /// `512M`, `1.5Gi`, `536870912`: in MiB, rounded up.
    static func mebibytes(_ text: String) -> Int? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(number), value.isFinite, value >= 0 else { return nil }
        let powers: [Character: Double] = ["k": 1024, "m": 1_048_576, "g": 1_073_741_824, "t": 1_099_511_627_776]
        let suffix = text.dropFirst(number.count).lowercased()
        let unit = suffix.first.map { powers[$0] ?? ($0 == "b" ? 1 : 0) } ?? 1
        let bytes = value * unit
        guard bytes > 0, bytes < 1e15 else { return nil }
        return Int((bytes / 1_048_576).rounded(.up))
    }

    /// `2`, `0.5`, `500m`.
    static func cpus(_ text: String) -> Double? {
        text.hasSuffix("m") ? Double(text.dropLast()).map { $0 / 1000 } : Double(text)
    }

    /// `30s`, `1m30s`, `45` seconds.
    static func seconds(_ text: String) -> Int? {
        if let number = Int(text) { return number }
        return GoDuration.parse(text).map { max(0, GoDuration($0).seconds) }
    }

    /// A name that a volume may have.
    static func volumeName(_ text: String) -> String {
        let name = text.unicodeScalars.map { scalar -> String in
            ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
                ? String(scalar) : "_"
        }
        return String(name.joined().prefix(30)).isEmpty ? "data" : String(name.joined().prefix(30))
    }

    /// A folder that a Machine can have a volume at; nil for others.
    static func mountPath(_ text: String) -> String? {
        let parts = text.split(separator: "/")
        guard text.hasPrefix("/"), let first = parts.first, Quoting.comment(text) == text,
            !parts.contains("."), !parts.contains(".."), !["dev", "proc", "sys"].contains(first), text.utf8.count < 4000
        else { return nil }
        return "/" + parts.joined(separator: "/")
    }
}
