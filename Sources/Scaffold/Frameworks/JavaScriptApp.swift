import Foundation

/// Node.js and Bun: what `package.json` says.
enum JavaScriptApp {
    static func recognise(_ folder: AppFolder) -> RecognisedApp? {
        guard let text = folder.text("package.json"),
            let package = try? JSONDecoder().decode(PackageJSON.self, from: Data(text.utf8))
        else { return nil }
        let manager = packageManager(folder, package)
        guard let kind = kind(folder, package) else { return nil }
        var recipe = Facts.Recipe(
            language: manager.name == "bun" ? "bun" : "node",
            version: manager.name == "bun" ? "1" : nodeVersion(folder, package),
            start: kind.start ?? [manager.name, "run", "start"]
        )
        recipe.packageManager = manager.name
        recipe.lock = manager.lock
        recipe.output = kind.output
        if package.scripts?["build"] != nil { recipe.build = "\(manager.name) run build" }
        let usesPrisma = package.uses("@prisma/client") || package.uses("prisma")
        if usesPrisma {
            recipe.packages = ["openssl"]
            let generate = manager.name == "bun" ? "bunx prisma generate" : "npx prisma generate"
            recipe.build = [generate, recipe.build].compactMap { $0 }.joined(separator: " && ")
        }
        let found = Facts.Evidence(folder.place("package.json"), kind.what)
        var app = RecognisedApp(kind.framework, recipe, port: kind.port, evidence: found)
        app.database = database(folder, package)
        if usesPrisma, folder.has("prisma/schema.prisma") || folder.has("prisma/migrations/migration_lock.toml") {
            var migrations = Facts.Migrations(.prisma, command: ["npx", "prisma", "migrate", "deploy"])
            migrations.location = "prisma/migrations"
            migrations.evidence = [.init(folder.place("prisma/schema.prisma"), "Prisma schema")]
            app.migrations = migrations
        }
        if manager.lock == nil { app.warnings.append("no lock file: a build may not give the same packages again") }
        return app
    }

    // MARK: - Private

    struct PackageJSON: Decodable {
        var name: String?
        var main: String?
        var scripts: [String: String]?
        var dependencies: [String: String]?
        var devDependencies: [String: String]?
        var engines: [String: String]?
        var packageManager: String?

        func uses(_ name: String) -> Bool { dependencies?[name] != nil || devDependencies?[name] != nil }
    }

    private struct Kind {
        var framework: Facts.Framework
        var what: String
        var port: Int
        /// Nil: the `start` script.
        var start: [String]?
        /// Files to be served by a web server; nil when a process serves.
        var output: String?
    }

    private static func kind(_ folder: AppFolder, _ package: PackageJSON) -> Kind? {
        let hasStart = package.scripts?["start"] != nil
        if package.uses("next") {
            let isExport = folder.files.contains { name in
                name.hasPrefix("next.config.") && folder.match("output:\\s*['\"](export)['\"]", in: name) != nil
            }
            if isExport { return Kind(framework: .next, what: "Next.js, exported", port: 8080, output: "out") }
            return Kind(
                framework: .next,
                what: "Next.js",
                port: 3000,
                start: hasStart ? nil : ["npx", "next", "start"]
            )
        }
        if package.uses("nuxt") {
            return Kind(framework: .nuxt, what: "Nuxt", port: 3000, start: ["node", ".output/server/index.mjs"])
        }
        if package.uses("@sveltejs/kit") { return svelte(package) }
        if package.uses("@remix-run/react") || package.uses("@react-router/serve") {
            return hasStart ? Kind(framework: .remix, what: "Remix / React Router", port: 3000) : nil
        }
        if package.uses("astro") {
            guard package.uses("@astrojs/node") else {
                return Kind(framework: .astro, what: "Astro, static", port: 8080, output: "dist")
            }
            return Kind(framework: .astro, what: "Astro on Node", port: 4321, start: ["node", "dist/server/entry.mjs"])
        }
        if package.uses("@nestjs/core") {
            let start = package.scripts?["start:prod"] == nil ? ["node", "dist/main"] : ["npm", "run", "start:prod"]
            return Kind(framework: .nest, what: "NestJS", port: listenPort(folder) ?? 3000, start: start)
        }
        if package.uses("gatsby") { return Kind(framework: .gatsby, what: "Gatsby", port: 8080, output: "public") }
        return plain(folder, package, hasStart)
    }

    private static func svelte(_ package: PackageJSON) -> Kind {
        if package.uses("@sveltejs/adapter-static") {
            return Kind(framework: .sveltekit, what: "SvelteKit, static", port: 8080, output: "build")
        }
        return Kind(framework: .sveltekit, what: "SvelteKit", port: 3000, start: ["node", "build"])
    }

    private static func plain(_ folder: AppFolder, _ package: PackageJSON, _ hasStart: Bool) -> Kind? {
        let servers = [
            "express", "fastify", "koa", "hono", "@hapi/hapi", "restify", "socket.io", "ws", "elysia", "polka",
        ]
        let server = servers.first { package.dependencies?[$0] != nil }
        let isDevServer = package.scripts?["start"].map { script in
            ["react-scripts start", "vite", "ng serve", "webpack serve", "webpack-dev-server", "vue-cli-service serve"]
                .contains { script.hasPrefix($0) }
        }
        if hasStart, isDevServer != true || server != nil {
            let framework: Facts.Framework = server == nil ? .node : .express
            let what = server.map { "\($0), script start" } ?? "script start"
            return Kind(framework: framework, what: what, port: listenPort(folder) ?? 3000)
        }
        if package.uses("vite") || package.uses("react-scripts") || package.uses("@angular/core")
            || package.uses("@vue/cli-service")
        {
            let output = package.uses("react-scripts") ? "build" : angularOutput(folder, package) ?? "dist"
            return Kind(framework: .vite, what: "a front end that is built", port: 8080, output: output)
        }
        guard let main = package.main ?? folder.first("server.js", "index.js", "app.js"), server != nil,
            folder.has(main)
        else { return nil }
        return Kind(framework: .express, what: main, port: listenPort(folder) ?? 3000, start: ["node", main])
    }

    /// Angular 17 and later put the pages into `dist/<project>/browser`.
    private static func angularOutput(_ folder: AppFolder, _ package: PackageJSON) -> String? {
        guard package.uses("@angular/core"), let name = package.name else { return nil }
        return folder.match("\"outputPath\"\\s*:\\s*\"([^\"]+)\"", in: "angular.json") ?? "dist/\(name)/browser"
    }

    /// The number that stands beside PORT in the program's main file.
    private static func listenPort(_ folder: AppFolder) -> Int? {
        for directory in ["", "src/", "server/"] {
            for name in ["server", "index", "app", "main"] {
                for suffix in ["js", "ts", "mjs", "cjs"] {
                    let file = "\(directory)\(name).\(suffix)"
                    let pattern = "(?i)\\bport\\b[^\\n0-9]{0,40}?\\b([0-9]{4,5})\\b"
                    if let number = folder.match(pattern, in: file).flatMap(Int.init), number < 65_536 { return number }
                }
            }
        }
        return nil
    }

    private static func packageManager(_ folder: AppFolder, _ package: PackageJSON) -> (name: String, lock: String?) {
        let locks = [
            ("pnpm", "pnpm-lock.yaml"), ("yarn", "yarn.lock"), ("bun", "bun.lock"), ("bun", "bun.lockb"),
            ("npm", "package-lock.json"), ("npm", "npm-shrinkwrap.json"),
        ]
        if let declared = package.packageManager?.split(separator: "@").first.map(String.init),
            ["npm", "pnpm", "yarn", "bun"].contains(declared)
        {
            return (declared, locks.first { $0.0 == declared && folder.has($0.1) }?.1)
        }
        guard let found = locks.first(where: { folder.has($0.1) }) else { return ("npm", nil) }
        return (found.0, found.1)
    }

    /// The major version: Node's long-term release of today when nothing says more.
    private static func nodeVersion(_ folder: AppFolder, _ package: PackageJSON) -> String {
        for file in [".nvmrc", ".node-version"] {
            if let major = folder.match("^v?([0-9]{2})\\b", in: file) { return major }
        }
        let wanted = package.engines?["node"].flatMap { AppFolder.match("([0-9]{2})(?:[.x*\\s]|$)", in: $0) }
        // A lower bound is no wish for an old release; an exact one is.
        if let wanted, let range = package.engines?["node"], !range.hasPrefix(">") { return wanted }
        return "24"
    }

    private static func database(_ folder: AppFolder, _ package: PackageJSON) -> Facts.Database.Engine? {
        switch folder.match("datasource[^}]*provider\\s*=\\s*\"([a-z]+)\"", in: "prisma/schema.prisma") {
        case "postgresql", "postgres", "cockroachdb": return .postgresql
        case "mysql": return .mysql
        case "sqlite": return .sqlite
        case "mongodb": return .mongodb
        default: break
        }
        let drivers: [(String, Facts.Database.Engine)] = [
            ("pg", .postgresql), ("postgres", .postgresql), ("mysql2", .mysql), ("mysql", .mysql),
            ("better-sqlite3", .sqlite), ("sqlite3", .sqlite), ("mongoose", .mongodb), ("mongodb", .mongodb),
        ]
        return drivers.first { package.dependencies?[$0.0] != nil }?.1
    }
}

/// Deno: `deno.json`, or a program that serves through Deno's own API.
enum DenoApp {
    static func recognise(_ folder: AppFolder) -> RecognisedApp? {
        let mains = ["main", "server", "index", "app", "mod"].flatMap { ["\($0).ts", "\($0).tsx", "\($0).js"] }
        let config = folder.first("deno.json", "deno.jsonc", "deno.lock")
        guard let main = mains.first(where: { folder.has($0) }) else { return nil }
        let serves = folder.match("(Deno\\.serve|deno\\.land/|from \"jsr:|from 'jsr:)", in: main)
        guard config != nil || (serves != nil && !folder.has("package.json")) else { return nil }
        let start = ["deno", "run", "--allow-net", "--allow-env", "--allow-read", main]
        var recipe = Facts.Recipe(language: "deno", version: "2", start: start)
        recipe.lock = folder.first("deno.lock")
        let port = folder.match("(?i)\\bport\\b[^\\n0-9]{0,40}?\\b([0-9]{4,5})\\b", in: main).flatMap(Int.init) ?? 8000
        let found = Facts.Evidence(folder.place(config ?? main), "Deno, \(main)")
        return RecognisedApp(.deno, recipe, port: port, evidence: found)
    }
}
