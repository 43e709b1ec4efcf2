import Client
import Foundation
import Model
import Toolkit

/// Asks the server, before anything is uploaded, whether it can have the images that a Dockerfile is based on.
struct BasesCheck {
    let client: RoostClient
    let folder: String
    let build: AppConfig.Build

    /// - Parameter dockerfile: relative to the folder; nil when the image is built without one.
    /// - Throws: ``Fault`` `invalidConfig` with the line that names an image out of reach.
    func run(_ dockerfile: String?) async throws {
        guard let dockerfile, build.builder == nil, let text = Self.read("\(folder)/\(dockerfile)") else { return }
        let file = Dockerfile.parse(text, path: dockerfile)
        let uses = file.imagesUsed(arguments: build.args, target: build.target)
        guard !uses.isEmpty else { return }
        let request = BaseImagesRequest(names: uses.map(\.name))
        let answers = try await client.post("/v1/builder/bases", request, as: [BaseImageView].self)
        guard let bad = answers.first(where: { $0.way == BaseImageView.unreachable }) else { return }
        let line = uses.first { $0.name == bad.name }.map { ":\($0.line)" } ?? ""
        throw Fault(
            .invalidConfig,
            "\(dockerfile)\(line): the image \(Output.harmless(bad.name)) is out of reach: "
                + Output.harmless(bad.detail ?? "no registry answers"),
            hint: Self.hint
        )
    }

    static let hint =
        "name a mirror of its registry in /etc/containers/registries.conf on the host, or, for a Python project, "
        + "build without the Dockerfile: roost deploy --native"

    // MARK: - Private

    /// A pipe or a device is no Dockerfile, and nothing longer is one.
    private static func read(_ path: String) -> String? {
        guard let status = try? FileManager.default.attributesOfItem(atPath: path),
            status[.type] as? FileAttributeType == .typeRegular, (status[.size] as? Int ?? 0) <= 1 << 20,
            let data = FileManager.default.contents(atPath: path)
        else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
