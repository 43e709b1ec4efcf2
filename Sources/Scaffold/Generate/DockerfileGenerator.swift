import Toolkit

/// What may be said about an image beside the facts.
package struct GeneratedImageOptions: Sendable {
    /// Without the sign of a comment: ``Stamp/text(version:facts:)``.
    package var stamp = Stamp.prefix
    /// What to copy; nil for what facts alone tell.
    package var contents: ImageContents?
    /// Debian packages to build with and to run with, instead of those that the dependencies ask for.
    package var packages: (build: [String], run: [String])?
    /// The port to listen on, instead of the one that was found.
    package var port: Int?
    /// The path of the migration script within the app's folder; nil for an image without one.
    package var migrateScript: String? = MigrateScript.defaultPath

    package init() {}
}

/// Writes `Dockerfile` and `.dockerignore`, and for databases with a lock the script that migrates.
///
/// Paths of the files are relative to ``BuildLayout/context``. The same facts give the same bytes.
package enum DockerfileGenerator {
    /// Makes the files that an image needs.
    ///
    /// - Returns: no files when the project has a Dockerfile, which is never replaced, or when nothing can be started; the
    ///   notes say which.
    package static func make(_ facts: Facts, _ options: GeneratedImageOptions = GeneratedImageOptions()) -> Generated {
        var generated = Generated()
        if let existing = facts.existing.dockerfile {
            generated.notes.append("\(Quoting.comment(existing)) is kept as it is")
            return generated
        }
        if facts.recipe != nil { return other(facts, options) }
        guard facts.entry != nil else {
            generated.notes.append("no entry point is known, so there is nothing for an image to start")
            return generated
        }
        let image = PythonImage(facts, options)
        if let folder = image.unfitFolder {
            generated.notes.append("no Dockerfile: the folder \(Quoting.comment(folder)) can't stand in one; rename it")
            return generated
        }
        guard !image.start.command.isEmpty else {
            generated.notes = image.notes
            return generated
        }
        generated.files = [
            Artefact("Dockerfile", Stamp.sealed(image.text)),
            Artefact(".dockerignore", DockerIgnore.allowing(image.ignoredBut, stamp: options.stamp, facts)),
        ]
        if let script = image.script { generated.files.append(script) }
        generated.notes = image.notes
        return generated
    }

    // MARK: - Private

    private static func other(_ facts: Facts, _ options: GeneratedImageOptions) -> Generated {
        var generated = Generated()
        var facts = facts
        if let port = options.port { facts.port = Facts.Port(port) }
        guard let text = RecipeDockerfile.make(facts, stamp: Quoting.comment(options.stamp)) else {
            generated.notes.append("no Dockerfile is known for \(Quoting.comment(facts.recipe?.language ?? "it"))")
            return generated
        }
        generated.files = [
            Artefact("Dockerfile", text), Artefact(".dockerignore", DockerIgnore.forAnything(stamp: options.stamp)),
        ]
        return generated
    }
}
