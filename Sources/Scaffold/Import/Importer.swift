package import Model
import Toolkit

/// What a file of another platform became.
package struct Imported: Codable, Equatable, Sendable {
    /// The text of a `fly.toml`, which reads without an error.
    package var text: String
    /// What could not be taken over, and what to do instead.
    package var notes: [String]
    /// Secrets and values to be set: `DATABASE_URL (secret)`.
    package var needed: [String]
}

/// Makes a `fly.toml` out of the files of other platforms.
///
/// Secrets are named and never written. What has no place in a `fly.toml` is in the notes.
package enum Importer {
    /// Reads a `Procfile`.
    ///
    /// - Parameters:
    ///   - text: the file.
    ///   - app: a name for the app, made fit for a host name.
    /// - Returns: the configuration, and what could not be taken over.
    /// - Throws: ``Fault`` when no line of it is a process.
    package static func procfile(_ text: String, app: String) throws(Fault) -> Imported {
        try ProcfileImport.read(text, app: app).finished()
    }

    /// Reads a Compose file.
    ///
    /// - Parameters:
    ///   - text: the file.
    ///   - file: its name, for messages.
    ///   - app: a name for the app, when the file has none.
    ///   - read: the text of a file beside it, by its path: the Dockerfiles tell what is a proxy.
    /// - Returns: the configuration, and what could not be taken over.
    /// - Throws: ``Fault`` when it does not parse, or no service of it is an app.
    package static func compose(
        _ text: String,
        file: String = "compose.yaml",
        app: String,
        read: (String) -> String? = { _ in nil }
    ) throws(Fault) -> Imported {
        try ComposeImport(try YAML.parse(text, file: file), file: file, read: read).app(named: app).finished()
    }

    /// Reads Heroku's `app.json`, with the `Procfile` beside it when there is one.
    package static func appJSON(_ text: String, procfile: String? = nil, app: String) throws(Fault) -> Imported {
        // JSON is YAML, and this reader knows where things stand.
        try AppJSONImport.read(try YAML.parse(text, file: "app.json"), procfile: procfile, app: app).finished()
    }

    /// Reads `render.yaml`.
    ///
    /// - Throws: ``Fault`` when no service of it is an app.
    package static func render(_ text: String, app: String) throws(Fault) -> Imported {
        try RenderImport.read(try YAML.parse(text, file: "render.yaml"), app: app).finished()
    }

    /// Reads manifests of Kubernetes: Deployments and StatefulSets, and what belongs to them.
    ///
    /// - Throws: ``Fault`` when none of them runs anything.
    package static func kubernetes(_ text: String, file: String = "app.yaml", app: String) throws(Fault) -> Imported {
        try KubernetesImport(try YAML.documents(text, file: file), file: file).app(named: app).finished()
    }
}
