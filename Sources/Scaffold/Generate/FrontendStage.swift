/// The stage that builds a front end which the app then serves.
struct FrontendStage {
    /// The stage's lines.
    let lines: [String]
    /// The line of the final stage that takes over what was built.
    let copy: String
    /// The folder that has to be in the context.
    let folder: String

    /// Nil when there is no front end that the app serves, or its folder can't stand in a Dockerfile.
    init?(_ facts: Facts, _ contents: ImageContents, _ layout: BuildLayout) {
        guard let frontend = facts.frontend, frontend.isServed, let folder = layout.inner(frontend.directory) else {
            return nil
        }
        let output = frontend.output ?? "dist"
        guard folder.isEmpty || Quoting.isPlainPath(folder), Quoting.isPlainPath(output) else { return nil }
        self.folder = folder
        let install = Self.install(frontend.packageManager, hasLock: contents.frontendLock != nil)
        let isBun = frontend.packageManager == "bun"
        let image = isBun ? "oven/bun:1-slim" : "node:\(ToolVersions.node)-slim"
        lines =
            ["FROM \(image) AS frontend", "WORKDIR \(layout.image(folder))"]
            + (["pnpm", "yarn"].contains(frontend.packageManager) ? ["RUN corepack enable"] : [])
            + ["COPY \(folder.isEmpty ? "." : folder) ./"]
            + ["RUN \(install) && \(isBun ? "bun" : frontend.packageManager == "pnpm" ? "pnpm" : "npm") run build"]
        let built = TreePath.joined(folder, output)
        let target = Self.target(facts, layout, built: built)
        copy = "COPY --from=frontend \(layout.image(built)) \(layout.image(target))"
    }

    /// Where the code looks for the files: the very folder, else the one that it serves and that the project lacks.
    private static func target(_ facts: Facts, _ layout: BuildLayout, built: String) -> String {
        let served = facts.statics.filter { $0.kind != "templates" && !$0.directory.hasPrefix("/") }
            .map { layout.ofProject($0.directory) }.filter { Quoting.isPlainPath($0) }
        if served.contains(where: { TreePath.lies($0, in: built) }) { return built }
        return served.first { ["dist", "build", "out", "frontend", "www"].contains(TreePath.name(of: $0)) } ?? built
    }

    private static func install(_ manager: String, hasLock: Bool) -> String {
        switch (manager, hasLock) {
        case ("pnpm", true): "pnpm install --frozen-lockfile"
        case ("pnpm", false): "pnpm install"
        case ("yarn", true): "yarn install --frozen-lockfile"
        case ("yarn", false): "yarn install"
        case ("bun", true): "bun install --frozen-lockfile"
        case ("bun", false): "bun install"
        case (_, true): "npm ci"
        default: "npm install"
        }
    }
}
