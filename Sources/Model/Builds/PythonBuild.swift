/// How a Python project becomes an image without a Dockerfile: what the reader of the project decided, for the builder
/// to carry out.
///
/// All paths are relative to the folder that was uploaded, unless they say otherwise. Whoever sends one may lie, so
/// ``check()`` bounds it; what its steps run is the project's own code in any case, and runs in a sandbox.
package struct PythonBuild: Equatable, Sendable {
    /// The Python to build with.
    package var python: Wish?
    /// Packages of Debian, under the names that Debian 13 has for them.
    package var packages = Packages()
    /// One after the other, into one virtual environment.
    package var installs: [Install] = []
    /// The folder that the app runs in; empty is the top.
    package var folder = ""
    /// What the image's process is given beside what every Python image has.
    package var environment: [String: String] = [:]
    /// The image's own command; empty when the project does not tell one.
    package var command: [String] = []
    /// Folders of the image, as absolute paths, that belong to the app's user.
    package var writable: [String] = []
    /// What the person who deploys should know.
    package var notes: [String] = []

    package init() {}

    /// A version of Python, and who wants it.
    package struct Wish: Equatable, Sendable {
        /// `3.12`.
        package var version: String
        /// What asks for it, for messages: `.python-version:1`; empty for a default.
        package var reason: String

        package init(_ version: String, reason: String = "") {
            self.version = version
            self.reason = reason
        }
    }

    /// What the dependencies need of the system.
    package struct Packages: Equatable, Sendable {
        /// While they are installed.
        package var build: [String] = []
        /// While the app runs.
        package var run: [String] = []

        package init(build: [String] = [], run: [String] = []) {
            self.build = build
            self.run = run
        }
    }

    /// One run of uv in the environment that is being made.
    package struct Install: Equatable, Sendable {
        /// Words behind `uv`: `["pip", "install", "-r", "requirements.txt"]`.
        package var arguments: [String]
        /// Where it is run.
        package var folder = ""
        /// What it has to see; nil is the whole project.
        package var files: [String]?
        /// What decides about its outcome; nil is all that it sees.
        ///
        /// An editable project is made of its metadata alone.
        package var decisive: [String]?
        /// A list of requirements that the reader made of a lock; uv finds it at ``listPath``.
        package var list: String?
        /// Empty files to make where they are missing: a README that a build asks for and an ignore file left out.
        package var placeholders: [String] = []
        /// When it fails, the build goes on without it and says so.
        package var isOptional = false

        package init(_ arguments: [String], folder: String = "", files: [String]? = nil) {
            self.arguments = arguments
            self.folder = folder
            self.files = files
        }
    }

    /// Stands in an install's arguments for the path of its ``Install/list``.
    package static let listPath = "{list}"

    /// Where a project lies in its image.
    package static let home = "/app"
    /// Where its virtual environment is.
    package static let virtualEnvironment = "/opt/venv"
}

// MARK: - What is taken

extension PythonBuild {
    /// Refuses what no reader of projects makes.
    ///
    /// - Throws: ``Fault`` `invalidRequest` naming the part.
    package func check() throws(Fault) {
        let texts = notes + command + writable + environment.flatMap { [$0.key, $0.value] }
        guard texts.count < 10_000, texts.allSatisfy({ $0.utf8.count < 1 << 16 && !$0.utf8.contains(0) }) else {
            throw Self.fault("has more or longer texts than any project needs")
        }
        guard Self.isInside(folder), writable.allSatisfy({ Self.isInside(String($0.drop { $0 == "/" })) }) else {
            throw Self.fault("names a folder outside the image's")
        }
        guard packages.build.count + packages.run.count <= 500,
            (packages.build + packages.run).allSatisfy(Self.isPackageName)
        else { throw Self.fault("names packages that Debian can't have") }
        if let python, python.version.wholeMatch(of: /[0-9]{1,2}(\.[0-9]{1,3}){1,2}/) == nil {
            throw Self.fault("names a version of Python that can't be")
        }
        guard installs.count <= 50 else { throw Self.fault("has \(installs.count) installs") }
        for install in installs { try install.check() }
    }

    /// > Source: Debian policy manual, 5.6.1: lower case letters, digits, `+`, `-` and `.`, at least two of them.
    package static func isPackageName(_ name: String) -> Bool {
        name.utf8.count <= 128 && name.wholeMatch(of: /[a-z0-9][a-z0-9+.\-]+/) != nil
    }

    fileprivate static func isInside(_ path: String) -> Bool {
        guard path.utf8.count <= SourceManifest.maximumPath, !path.utf8.contains(0) else { return false }
        return path.split(separator: "/").allSatisfy { $0 != ".." } && !path.hasPrefix("/")
    }

    fileprivate static func fault(_ what: String) -> Fault {
        Fault(.invalidRequest, "the way to build the project \(what)")
    }
}

extension PythonBuild.Install {
    fileprivate func check() throws(Fault) {
        guard let verb = arguments.first, ["pip", "sync"].contains(verb), arguments.count <= 1000,
            arguments.allSatisfy({ $0.utf8.count < 1 << 14 && !$0.utf8.contains(0) && !$0.contains("\n") })
        else { throw PythonBuild.fault("runs a command of uv that installs nothing") }
        guard PythonBuild.isInside(folder), (list?.utf8.count ?? 0) < 32 << 20 else {
            throw PythonBuild.fault("has an install outside the project, or too large a list")
        }
        for paths in [files, decisive, placeholders].compactMap({ $0 }) {
            guard paths.allSatisfy(PythonBuild.isInside), paths.count <= SourceManifest.maximumFiles else {
                throw PythonBuild.fault("names too many files, or files outside the project")
            }
        }
    }
}
