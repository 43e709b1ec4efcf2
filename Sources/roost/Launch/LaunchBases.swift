import Client
import Model
import Scaffold
import Toolkit

/// Whether the server can have the images that a project's own Dockerfile is based on, asked at launch already.
enum LaunchBases {
    /// - Returns: a sentence with the line of an image out of reach, for a project that can be built without its Dockerfile;
    ///   nil when there is nothing to say, and without a server.
    static func missing(of scan: ScanResult) async -> String? {
        guard let path = scan.facts.existing.dockerfile, let text = scan.context.project.text(path), !Stamp.isIn(text),
            BuildWay.canDoWithout(path, scan)
        else { return nil }
        let uses = Dockerfile.parse(text, path: path)
            .imagesUsed(arguments: [:], target: scan.facts.existing.dockerTarget)
        guard !uses.isEmpty else { return nil }
        do {
            return try await RoostClient.atHost { client in
                let request = BaseImagesRequest(names: uses.map(\.name))
                let answers = try await client.post("/v1/builder/bases", request, as: [BaseImageView].self)
                guard let bad = answers.first(where: { $0.way == BaseImageView.unreachable }) else { return nil }
                let line = uses.first { $0.name == bad.name }.map { ":\($0.line)" } ?? ""
                let name = Output.harmless(bad.name)
                return "\(Output.harmless(path))\(line): \(name) is out of this host's reach"
            }
        } catch {
            return nil
        }
    }
}
