import Toolkit

/// Which stage of a Dockerfile becomes the image that users reach.
enum ProductionStage {
    static let names: Set<String> = ["prod", "production", "runtime", "final", "release", "server"]

    /// Names of stages, files and services that are not for production.
    private static let aside = Vocabulary.development.union([
        "devel", "debug", "local", "ci", "e2e", "devcontainer", "check", "coverage", "playwright", "override",
        "debugger",
    ])

    /// The stage by its name, else the last that is not for development.
    static func choose(in file: Dockerfile) -> Dockerfile.Stage? {
        let usual = file.stages.filter { !isAside($0.name ?? "") }
        let named = usual.last { names.contains($0.name?.lowercased() ?? "") }
        guard let last = usual.last else { return file.stages.last }
        guard let named else { return last }
        // `FROM runtime` at the end only adds to the stage of that name.
        return file.lineage(of: last).contains { $0.line == named.line } ? last : named
    }

    /// Whether a word of a name says development or tests: `Dockerfile.dev`, `docker-compose.test.yml`, `web-dev`.
    static func isAside(_ name: String) -> Bool {
        name.lowercased().split { !$0.isLetter && !$0.isNumber }.contains { word in
            // `DockerfileDev`
            aside.contains(String(word.hasPrefix("dockerfile") ? word.dropFirst(10) : word))
        }
    }

    /// Whether a file is for development by its own name or its folder's: `.devcontainer/Dockerfile`.
    static func isAsidePath(_ path: String) -> Bool {
        path.split(separator: "/").contains { isAside(String($0)) }
    }
}
