import Model
import Toolkit

/// Finds the front end that belongs to an app: its folder, how it is built, and whether the app serves the result.
struct FrontendFinder {
    private let context: ScanContext
    private let tree: ProjectTree
    private let statics: [Facts.Static]

    init(_ context: ScanContext, _ tree: ProjectTree, statics: [Facts.Static]) {
        self.context = context
        self.tree = tree
        self.statics = statics
    }

    func find() -> Facts.Frontend? {
        let found = tree.files(named: "package.json").prefix(200).compactMap(frontend(at:))
        return found.min { left, right in
            let ranks = (rank(left), rank(right))
            return ranks.0 == ranks.1 ? left.directory < right.directory : ranks.0.lexicographicallyPrecedes(ranks.1)
        }
    }

    // MARK: - Private

    private static let builders: Set<String> = [
        "react", "vue", "svelte", "vite", "next", "nuxt", "@angular/core", "solid-js", "preact", "webpack", "parcel",
        "astro",
        "@sveltejs/kit", "react-scripts", "@vue/cli-service", "esbuild", "rollup", "gatsby", "tailwindcss",
        "laravel-mix", "gulp",
        "lit", "ember-cli", "@remix-run/react", "@rsbuild/core", "alpinejs",
    ]

    private func frontend(at path: String) -> Facts.Frontend? {
        let folder = TreePath.folder(of: path)
        let isAside = folder.lowercased().split(separator: "/").contains { part in
            ["docs", "documentation", "website", "storybook", "playwright", "e2e", "landing", "blog"].contains {
                part.hasPrefix($0)
            }
        }
        guard isNear(folder), !isAside, !AppCode.isAside(path, context.root), let root = json(path) else { return nil }
        let names = ["dependencies", "devDependencies"].flatMap { root[$0]?.entries.map(\.key) ?? [] }
        guard root["scripts"]?["build"] != nil, names.contains(where: Self.builders.contains) else { return nil }
        var found = Facts.Frontend(directory: folder, isServed: false, packageManager: manager(folder, root))
        found.output = output(folder, root, Set(names))
        found.isServed = isServed(folder, found.output)
        return found
    }

    private func json(_ path: String) -> ConfigNode? {
        if let known = context.document(path) { return known }
        // Every JSON text is YAML as well.
        return context.project.text(path).flatMap { try? YAML.parse($0, file: path) }
    }

    /// In the app's folder, above it, or beside it or one of those above.
    private func isNear(_ folder: String) -> Bool {
        if TreePath.lies(folder, in: context.root) || TreePath.lies(context.root, in: folder) { return true }
        return TreePath.lies(folder, in: TreePath.folder(of: context.root)) || folder.split(separator: "/").count == 1
    }

    private func rank(_ found: Facts.Frontend) -> [Int] {
        let last = TreePath.name(of: found.directory).lowercased()
        let isNamed = ["frontend", "front", "client", "web", "ui", "webapp", "app", "www", "dashboard"].contains {
            last.contains($0)
        }
        let isInside = TreePath.lies(found.directory, in: context.root)
        return [found.isServed ? 0 : 1, isNamed ? 0 : 1, isInside ? 0 : 1, found.directory.split(separator: "/").count]
    }

    private func manager(_ folder: String, _ root: ConfigNode) -> String {
        let locks = [
            ("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun"),
            ("package-lock.json", "npm"),
        ]
        for above in TreePath.ancestors(of: folder) {
            for (name, manager) in locks where context.project.has(TreePath.joined(above, name)) { return manager }
        }
        let named = root["packageManager"]?.string.map { String($0.prefix { $0 != "@" }) } ?? ""
        return ["npm", "yarn", "pnpm", "bun"].contains(named) ? named : "npm"
    }

    /// Where the build puts its files: what the builder's own file says, else what it does by itself.
    private func output(_ folder: String, _ root: ConfigNode, _ names: Set<String>) -> String? {
        for (files, marks) in [
            (["vite.config.ts", "vite.config.js", "vite.config.mts", "vite.config.mjs"], ["outDir"]),
            (["vue.config.js"], ["outputDir"]), (["astro.config.mjs", "astro.config.ts"], ["outDir"]),
            (["angular.json"], ["outputPath"]), (["rsbuild.config.ts", "rsbuild.config.js"], ["root"]),
        ] {
            for file in files {
                guard let text = context.project.text(TreePath.joined(folder, file)) else { continue }
                for mark in marks {
                    if let path = value(after: mark, in: text) { return path }
                }
            }
        }
        if let text = root["scripts"]?["build"]?.string,
            let path = option(["--outDir", "--out-dir", "-o", "--dist-dir"], in: text)
        {
            return path
        }
        if names.contains("next") {
            let config = ["next.config.js", "next.config.mjs", "next.config.ts"].compactMap {
                context.project.text(TreePath.joined(folder, $0))
            }
            return config.contains { $0.contains("'export'") || $0.contains("\"export\"") } ? "out" : ".next"
        }
        if names.contains("react-scripts") { return "build" }
        if names.contains("@sveltejs/kit") { return "build" }
        if names.contains("nuxt") { return ".output/public" }
        if names.contains("gatsby") { return "public" }
        return names.isDisjoint(with: [
            "vite", "vue", "@vue/cli-service", "webpack", "parcel", "astro", "@angular/core", "rollup", "@rsbuild/core",
        ])
            ? nil : "dist"
    }

    /// The text behind a mark such as `outDir:`.
    private func value(after mark: String, in text: String) -> String? {
        for range in text.ranges(of: mark) {
            let rest = text[range.upperBound...].drop { $0 == "\"" || $0 == "'" || $0.isWhitespace }
            guard rest.first == ":" else { continue }
            let line = rest.dropFirst().prefix { !$0.isNewline && $0 != "," }
            let parts = line.split(omittingEmptySubsequences: false) { "\"'`".contains($0) }
            // `path.resolve(__dirname, "../static")` has its text in quotes too, `,` ends what is looked at first.
            if parts.count >= 3, !parts[1].isEmpty {
                return String(parts[1].hasPrefix("./") ? parts[1].dropFirst(2) : parts[1])
            }
            let more = rest.prefix(120).split(omittingEmptySubsequences: false) { "\"'`".contains($0) }
            if line.contains("("), more.count >= 3 { return String(more[1]) }
        }
        return nil
    }

    private func option(_ names: [String], in text: String) -> String? {
        let words = text.split(separator: " ").map(String.init)
        for (index, word) in words.enumerated() {
            if names.contains(word), index + 1 < words.count { return words[index + 1] }
            for name in names where word.hasPrefix(name + "=") { return String(word.dropFirst(name.count + 1)) }
        }
        return nil
    }

    private func isServed(_ folder: String, _ output: String?) -> Bool {
        let served = statics.filter { $0.kind != "templates" }.map { TreePath.joined(context.root, $0.directory) }
        if let output {
            let built = TreePath.joined(folder, output)
            if served.contains(where: { TreePath.lies(built, in: $0) || TreePath.lies($0, in: built) && !built.isEmpty }
            ) {
                return true
            }
        }
        return isCopied(folder)
    }

    /// The app's image takes files from a stage that builds with Node.
    private func isCopied(_ folder: String) -> Bool {
        guard let chosen = ProductionDockerfile.choose(in: context) else { return false }
        let file = chosen.file
        let name = TreePath.name(of: folder)
        let ends = file.lineage(of: chosen.target).flatMap(\.instructions)
        return ends.contains { item in
            guard item.word == "COPY", let from = item.flags.first(where: { $0.name == "from" })?.value.lowercased()
            else { return false }
            guard let stage = file.stages.first(where: { $0.name?.lowercased() == from }) else { return false }
            let bases = file.lineage(of: stage).map { $0.base.lowercased() }
            let isNode = bases.contains { $0.contains("node") || $0.contains("bun") }
            let builds = stage.instructions.contains {
                ($0.word == "RUN" || $0.word == "COPY") && (name.isEmpty || $0.text.contains(name))
            }
            let copiesLibraries = item.text.contains("node_modules") || item.text.contains("/bin/")
            return isNode && (builds || tree.files(named: "package.json").count == 1) && !copiesLibraries
        }
    }
}
