import Client
import Foundation
import Model
import Scaffold
import Toolkit

#if canImport(Glibc)
import Glibc
#endif

/// Starts a project once, as an app of its own that nobody can reach, and looks at what it really does.
///
/// It is the only part of a launch that runs the project's code, and it runs it in a Machine.
struct LaunchProbe {
    let client: RoostClient
    let folder: String
    /// The configuration that launch would write.
    let config: AppConfig
    /// Paths to ask.
    let paths: [String]
    /// A scan of the folder, when there was one.
    var earlier: ScanResult?
    private static let patience = Duration.seconds(30)

    /// What was seen.
    struct Report: Encodable {
        /// Ports that other hosts can reach.
        var ports: [Int]
        /// Addresses of ports that only the app itself reaches.
        var unreachable: [String]
        var answers: [MachineLook.Answer]
        var peakMemoryMiB: Int?
    }

    /// Deploys, looks, destroys, also when something went wrong.
    func run() async throws -> Report {
        try await sweep()
        let name = "\(Self.prefix)\(getpid())-" + String(UUID().uuidString.prefix(8)).lowercased()
        _ = try await client.post("/v1/apps", ["name": name, "owner": Person.current], as: JSONValue.self)
        do {
            let report = try await look(name)
            try await destroy(name)
            return report
        } catch {
            try await destroy(name)
            throw error
        }
    }

    // MARK: - Private

    private static let prefix = "probe-"

    /// Takes away the probes of launches that were killed: their names tell the process, and the server is on this host.
    private func sweep() async throws {
        for app in try await client.get("/v1/apps", as: AppListAnswer.self).apps where app.name.hasPrefix(Self.prefix) {
            let parts = app.name.dropFirst(Self.prefix.count).split(separator: "-")
            guard parts.count == 2, parts[1].count == 8, let pid = pid_t(parts[0]), pid > 0 else { continue }
            if kill(pid, 0) != 0, errno == ESRCH { try await destroy(app.name) }
        }
    }

    private func destroy(_ name: String) async throws {
        // A cancelled task could not even tidy up.
        try await Task { try await client.delete(apiPath("apps", name)) }.value
    }

    private func look(_ name: String) async throws -> Report {
        let config = stripped(name)
        var manifest: SourceManifest?
        var build: ProjectBuild?
        if config.build.image == nil {
            let files = try BuildFiles.find(config.build, in: folder, config: "\(folder)/fly.toml")
            build = try ProjectBuild.plan(
                try await Scan.run(folder: folder, after: earlier),
                config,
                dockerfile: files.dockerfile,
                offered: try await client.pythons()
            )
            manifest = try await SourceUpload(client: client, folder: folder, files: files).run()
        }
        var request = DeployRequest(
            config: config,
            manifest: manifest,
            user: Person.current,
            lines: [:],
            highAvailability: false
        )
        request.python = build?.python
        let rollout = try await client.post(apiPath("apps", name, "rollouts"), request, as: Rollout.self)
        try await DeployWatch(client: client).follow(rollout)
        let machines = try await client.get(apiPath("apps", name, "machines"), as: [MachineView].self)
        guard let machine = machines.first else { throw Fault(.machineNotFound, "the probe has no Machine") }
        let port = config.httpService?.settings.internalPort ?? 8080
        var path = apiPath("apps", name, "machines", machine.id, "look") + "?port=\(port)"
        for one in paths.prefix(10) {
            path += "&path=" + (one.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
        }
        return try await settled(path)
    }

    /// Looks until something listens and a path answers well, or patience ends.
    private func settled(_ path: String) async throws -> Report {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while true {
            let seen = try await client.get(path, as: MachineLook.self)
            let answered = paths.isEmpty || seen.answers.contains(where: \.passed)
            if (!seen.listeners.isEmpty && answered) || clock.now > end { return Self.report(seen) }
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    private static func report(_ seen: MachineLook) -> Report {
        let inner = seen.listeners.filter { $0.hasPrefix("127.") || $0.hasPrefix("[::1]") }
        let ports = seen.listeners.filter { !inner.contains($0) }
            .compactMap { $0.split(separator: ":").last.flatMap { Int($0) } }
        return Report(
            ports: Set(ports).sorted(),
            unreachable: inner,
            answers: seen.answers,
            peakMemoryMiB: seen.peakMemoryBytes.map { Int($0 >> 20) }
        )
    }

    /// The same app without what would reach out: no checks that decide, no release command, no volume, one group.
    private func stripped(_ name: String) -> AppConfig {
        var config = config
        config.app = name
        config.checks = [:]
        config.mounts = []
        config.deploy.releaseCommand = nil
        config.httpService?.settings.checks = []
        config.httpService?.settings.autostop = .off
        config.httpService?.hostnames = []
        config.services = []
        let group = config.defaultGroup
        config.processes = config.processes.filter { $0.key == group }
        config.httpService?.processes = config.processes.isEmpty ? [] : [group]
        return config
    }
}
