package import Model
import Toolkit

/// How a project becomes an image; decided in one place, from what the user says and what the project has.
package enum BuildWay: Equatable, Sendable {
    /// An image of a registry, or of this host.
    case image
    /// By a Dockerfile, which is the project's own or was edited; its path in the project.
    case dockerfile(String)
    /// Without one, as ``PythonBuildReader`` reads the project. `generated` is the Dockerfile of a launch that it stands
    /// for.
    case native(generated: String?)

    /// Decides by `[build]` of `fly.toml`, the Dockerfile that this means, which may not be there, and a scan of the folder
    /// that is deployed; `native` says that the user wants no Dockerfile to be used.
    ///
    /// A project that nothing here can build is a ``Fault``.
    package static func decide(
        _ build: AppConfig.Build,
        dockerfile: String?,
        _ scan: ScanResult,
        native: Bool
    ) throws(Fault) -> BuildWay {
        if build.image != nil { return .image }
        let project = scan.context.project
        let named = dockerfile ?? ["Dockerfile", "dockerfile"].first { project.has($0) }
        if native || build.builder == "python" {
            guard isPython(scan) else { throw notPython }
            return .native(generated: nil)
        }
        if let named {
            guard let text = project.text(named), Stamp.isUntouched(text), isPython(scan), canStandFor(text) else {
                return .dockerfile(named)
            }
            return .native(generated: named)
        }
        // Others are for the server to refuse, by name.
        if build.builder != nil || !build.buildpacks.isEmpty { return .dockerfile("Dockerfile") }
        guard isPython(scan) else { throw notPython }
        return .native(generated: nil)
    }

    /// Whether a build without the Dockerfile at a path could make the same of the project.
    package static func canDoWithout(_ dockerfile: String, _ scan: ScanResult) -> Bool {
        canDoWithout(dockerfile, scan.facts, scan.context.project)
    }

    static func canDoWithout(_ dockerfile: String, _ facts: Facts, _ project: Project) -> Bool {
        isPython(facts, project) && project.text(dockerfile).map(canStandFor) == true
    }

    // MARK: - Private

    private static func isPython(_ scan: ScanResult) -> Bool { isPython(scan.facts, scan.context.project) }

    private static func isPython(_ facts: Facts, _ project: Project) -> Bool {
        facts.recipe == nil && project.files.contains { $0.hasSuffix(".py") || $0 == "pyproject.toml" }
    }

    /// A Dockerfile may hold more than Python: a front end that is built with it, conda, Django's files.
    private static func canStandFor(_ dockerfile: String) -> Bool {
        let others: Set<String> = ["node", "bun", "deno", "golang", "rust", "nginx", "micromamba", "miniconda3"]
        let uses = Dockerfile.parse(dockerfile, path: "Dockerfile").imagesUsed(arguments: [:], target: nil)
        for use in uses {
            let name = use.name.split(separator: "/").last ?? ""
            if others.contains(String(name.prefix { $0 != ":" && $0 != "@" })) { return false }
        }
        // Whatever image has Node: a front end that is built there is part of what is served.
        let tools = ["npm run", "npm ci", "npm install", "yarn build", "yarn install", "pnpm build", "pnpm install"]
        return !dockerfile.contains("collectstatic") && !tools.contains(where: dockerfile.contains)
    }

    private static let notPython = Fault(
        .buildFailed,
        "the project has no Dockerfile and is not in Python",
        hint:
            "roost launch writes a Dockerfile for other languages; or name an image: [build] image = \"…\" in fly.toml"
    )
}
