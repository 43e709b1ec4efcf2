import Foundation
import Model
import Toolkit

/// Builds projects with a Dockerfile, by buildah.
package struct DockerfileBuilder: Sendable {
    private let store: ImageStore
    private let sources: SourceStore
    private let options: DockerfileOptions

    package init(store: ImageStore, sources: SourceStore, options: DockerfileOptions) {
        self.store = store
        self.sources = sources
        self.options = options
    }

    /// - Parameter dockerfile: its path within the project.
    func build(
        _ project: ProjectFiles, dockerfile: String, _ request: BuildRequest, _ trace: BuildTrace
    ) async throws -> Image {
        throw Fault(.unsupported, "")
    }
}
