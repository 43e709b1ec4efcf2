import ArgumentParser
import Certificates
import Foundation
import Model
import Runtime
import Store
import Toolkit

/// What is in a bundle for asking for help, each file without anything private.
struct SupportBundle {
    struct File {
        var name: String
        var text: String
    }

    private let config: HostConfig
    private let records: [(key: String, value: ConfigValue)]
    private let redactor: Redactor
    private let lines: Int
    private let logs: [String]

    init(_ config: HostConfig, _ entries: [Entry], lines: Int, logs: [String]) {
        self.config = config
        self.lines = lines
        self.logs = logs
        records = entries.compactMap { entry in
            (try? JSON.decode(ConfigValue.self, from: entry.value, what: entry.key)).map { (entry.key, $0) }
        }
        let environment = Array(config.buildEnvironment.values)
        redactor = Redactor(records.flatMap { SupportRecords.privateTexts($0.value) } + environment)
    }

    /// All of them, in the order in which they are listed.
    func files() async -> [File] {
        var all = [File(name: "README.txt", text: Self.about)]
        all.append(file("versions.txt", await versions()))
        all.append(file("doctor.txt", await doctor()))
        all.append(file("configuration.txt", configuration()))
        all.append(file("records.json", recordsText()))
        all.append(file("firewall.txt", await told("nft", ["list", "table", "inet", config.paths.instance])))
        for role in ["serve", "edge"] {
            all.append(file("\(role)-unit.txt", await told("systemctl", ["show", "roost-\(role)"] + Self.properties)))
            all.append(file("\(role).log", await log(role)))
        }
        for path in logs {
            let name = "log-\((path as NSString).lastPathComponent)"
            all.append(
                file(name.hasSuffix(".log") ? name : "\(name).log", await told("tail", ["-n", "\(lines)", path]))
            )
        }
        return all
    }

    // MARK: - Private

    private static let about = """
        What a host of Roost says of itself, for whom its owner asks for help: versions, the doctor's findings, settings,
        the state of apps, Machines, volumes and deploys, the firewall's table, the last lines of both daemons.

        Not in it: values of variables, secrets, keys, tokens, files of Machines, lines of apps' logs, bodies of requests.
        ••• stands where something private stood.

        """

    private static let properties = [
        "-p", "ActiveState,SubState,Result,NRestarts,ExecMainStatus,ExecMainStartTimestamp,MemoryCurrent,TasksCurrent",
    ]

    private static let packages = [
        "roost", "runc", "crun", "conmon", "buildah", "skopeo", "mmdebstrap", "nftables", "systemd", "libc6",
        "golang-github-containers-common",
    ]

    /// Every text goes this way, whatever it is.
    private func file(_ name: String, _ text: String) -> File { File(name: name, text: redactor.redacted(text)) }

    private func told(_ program: String, _ arguments: [String]) async -> String {
        do {
            let outcome = try await Command(program, arguments).run()
            return outcome.output + outcome.error
        } catch {
            return "\(error)\n"
        }
    }

    private func versions() async -> String {
        let release = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8)) ?? ""
        let format = "${Package} ${Version} ${db:Status-Status}\\n"
        return """
            roost \(Roostd.configuration.version)
            \(await told("uname", ["-a"]))\(await told("uptime", []))
            \(release)
            \(await told("dpkg-query", ["-W", "-f", format] + Self.packages))
            """
    }

    private func doctor() async -> String {
        do {
            return Doctor.text(try await DoctorReport.findings(config)) + "\n"
        } catch {
            return "\(error)\n"
        }
    }

    /// What holds, not the file: what stands in its comments is nobody else's business.
    private func configuration() -> String {
        """
        host = \(config.host)
        region = \(config.region)
        regions = \(config.extraRegions)
        domain = \(config.domain)
        listen = \(config.listen)
        listen_tls = \(config.listenTLS)
        state = \(config.paths.state)
        run = \(config.paths.run)
        base_image = \(config.baseImage ?? "made here")
        log = \(config.logLevel)
        keep_releases = \(config.keepReleases)
        trusted_proxies = \(config.trustedProxies)
        acme.directory = \(config.acme?.directory ?? "none")
        build.networks = \(config.build.networks)
        build.registries = \(config.build.registries)
        given to builds = \(config.buildEnvironment.keys.sorted())

        """
    }

    private func recordsText() -> String {
        let shown = records.compactMap { key, value in SupportRecords.shown(key, value).map { (key, $0) } }
        let counts = SupportRecords.counts(records.map(\.key)).mapValues { ConfigValue.integer(Int64($0)) }
        let all = ConfigValue.table([
            "counts": .table(counts), "records": .table(Dictionary(shown) { first, _ in first }),
        ])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(all)).map { String(decoding: $0, as: UTF8.self) + "\n" } ?? ""
    }

    /// The journal where systemd runs the daemon, else the file that `make run` or the README of the package names.
    private func log(_ role: String) async -> String {
        let files = ["\(config.paths.run)/\(role).log", "/var/log/roost-\(role).log"]
        if let path = files.first(where: { FileManager.default.isReadableFile(atPath: $0) }) {
            return await told("tail", ["-n", "\(lines)", path])
        }
        return await told("journalctl", ["-u", "roost-\(role)", "-n", "\(lines)", "--no-pager", "-o", "cat"])
    }
}
