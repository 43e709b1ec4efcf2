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
    /// How it becomes one when its Dockerfile can't be built, for an app that has never been built by it.
    package var instead: PythonBuild?
    /// Nothing in its `fly.toml` says how the app starts, so the image has to.
    package var needsCommand: Bool
    /// The programs that its `fly.toml` starts by name, so that the image has to hold them.
    package var programs: [String] = []
    /// What only the build may see.
    package var secrets = BuildSecrets()
    /// Takes nothing from what earlier builds of the app have kept.
    package var ignoresCache = false

    package init(app: String, manifest: SourceManifest, build: AppConfig.Build, needsCommand: Bool) {
        self.app = app
        self.manifest = manifest
        self.build = build
        self.needsCommand = needsCommand
    }
}
