import ControlPlane
import Foundation
import Logging
import Model
import Runtime
import Toolkit

struct Workshop: Sendable {
    let paths: HostPaths

    init(config: HostConfig, runtime: OCIRuntime, logger: Logger) async throws {
        paths = config.paths
    }

    func unpacked(_ digest: String) async throws -> (image: Image, layers: [String]) {
        let config = Image.Config(user: "10001:10001", workingDirectory: "/app", env: ["PATH=/usr/bin:/bin"])
        return (Image(digest: digest, layers: [], config: config), ["/var/tmp/hackbase", "\(paths.images)/\(digest)"])
    }

    func rolloutSettings(_ config: HostConfig) -> Rollouts.Settings {
        Rollouts.Settings(region: config.region, domain: config.domain, url: { "http://\($0).localhost:\(config.urlPort)" }, collectImages: { _ in })
    }

    var build: Rollouts.Build {
        { app, request, progress in
            let digest = "sha256:" + Digest.hex(try JSON.encode(request.manifest))
            let folder = "\(paths.images)/\(digest)/app"
            for file in request.manifest?.files ?? [] {
                let path = "\(folder)/\(file.path)"
                try Durable.makeFolder((path as NSString).deletingLastPathComponent)
                try? FileManager.default.copyItem(atPath: "\(paths.images)/blob-\(file.sha256)", toPath: path)
                chmod(path, 0o644)
            }
            return Image(digest: digest, layers: [], config: .init())
        }
    }

    var sources: Sources {
        Sources(
            folder: "\(paths.images)/uploads",
            missing: { $0.files.map(\.sha256).filter { !FileManager.default.fileExists(atPath: "\(paths.images)/blob-\($0)") } },
            adopt: { sha, path in rename(path, "\(paths.images)/blob-\(sha)") }
        )
    }
}
