package import Model

/// What is to be built.
package struct BuildRequest: Sendable {
    /// The app's name; caches belong to it, and its builds go one after the other.
    package var app: String
    /// What the project consists of; all of it has been uploaded.
    package var manifest: SourceManifest
    /// `[build]` of its `fly.toml`.
    package var build: AppConfig.Build
    /// How it becomes an image without a Dockerfile; nil builds by its Dockerfile.
    package var python: PythonBuild?
    /// Nothing in its `fly.toml` says how the app starts, so the image has to.
    package var needsCommand: Bool

    package init(app: String, manifest: SourceManifest, build: AppConfig.Build, needsCommand: Bool) {
        self.app = app
        self.manifest = manifest
        self.build = build
        self.needsCommand = needsCommand
    }
}
