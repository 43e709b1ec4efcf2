import Model
import Testing

@testable import Scaffold

@Suite("Frameworks of other languages")
struct FrameworkTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        var name: String
        var files: [String: String]
        var framework: Facts.Framework
        var port: Int
        var start: [String]
        var testDescription: String { name }
    }

    static let samples: [Sample] = [
        Sample(
            name: "Next.js",
            files: [
                "package.json":
                    #"{"scripts":{"build":"next build","start":"next start"},"dependencies":{"next":"15"}}"#,
                "package-lock.json": "{}", "index.html": "x",
            ],
            framework: .next,
            port: 3000,
            start: ["npm", "run", "start"]
        ),
        Sample(
            name: "Express with its own port",
            files: [
                "package.json": #"{"scripts":{"start":"node server.js"},"dependencies":{"express":"5"}}"#,
                "server.js": "app.listen(process.env.PORT || 4000)", "pnpm-lock.yaml": "",
            ],
            framework: .express,
            port: 4000,
            start: ["pnpm", "run", "start"]
        ),
        Sample(
            name: "a front end whose start script is a development server",
            files: [
                "package.json":
                    #"{"scripts":{"start":"vite","build":"vite build"},"devDependencies":{"vite":"7"}}"#,
                "yarn.lock": "",
            ],
            framework: .vite,
            port: 8080,
            start: ["yarn", "run", "start"]
        ),
        Sample(
            name: "Bun with the text lock file",
            files: ["package.json": #"{"scripts":{"start":"bun src/index.ts"}}"#, "bun.lock": ""],
            framework: .node,
            port: 3000,
            start: ["bun", "run", "start"]
        ),
        Sample(
            name: "Deno",
            files: ["deno.json": "{}", "main.ts": "Deno.serve({ port: 9000 }, () => new Response('x'))"],
            framework: .deno,
            port: 9000,
            start: ["deno", "run", "--allow-net", "--allow-env", "--allow-read", "main.ts"]
        ),
        Sample(
            name: "Go with cmd/",
            files: [
                "go.mod": "module x\n\ngo 1.24.1\n", "go.sum": "", "cmd/api/main.go": "package main\n",
                "cmd/tool/main.go": "package main\n",
            ],
            framework: .go,
            port: 8080,
            start: ["/app/server"]
        ),
        Sample(
            name: "Rust in a workspace",
            files: [
                "Cargo.toml": "[workspace]\nmembers = [\"lib\", \"web\"]\n", "Cargo.lock": "",
                "lib/Cargo.toml": "[package]\nname = \"lib\"\n", "web/src/main.rs": "fn main() {}",
                "web/Cargo.toml": "[package]\nname = \"web\"\n[dependencies]\naxum = \"0.8\"\n",
            ],
            framework: .rust,
            port: 8080,
            start: ["/app/web"]
        ),
        Sample(
            name: "Rails",
            files: [
                "bin/rails": "", "Gemfile": "source 'x'\nruby \"3.3.4\"\ngem \"pg\"\n", "Gemfile.lock": "",
                "config/credentials.yml.enc": "x", "config/routes.rb": "get \"up\" => \"rails/health#show\"",
                "package.json": #"{"scripts":{"start":"x"}}"#,
            ],
            framework: .rails,
            port: 3000,
            start: ["bin/rails", "server", "-b", "0.0.0.0", "-p", "3000"]
        ),
        Sample(
            name: "Sinatra",
            files: ["config.ru": "run App", "Gemfile": "gem 'sinatra'\n"],
            framework: .ruby,
            port: 8080,
            start: ["bundle", "exec", "rackup", "--host", "0.0.0.0", "--port", "8080"]
        ),
        Sample(
            name: "Phoenix",
            files: [
                "mix.exs": "  app: :shop_web,\n {:phoenix, \"~> 1.8\"},\n {:postgrex, \">= 0\"}\n",
                "lib/shop_web/release.ex": "",
            ],
            framework: .phoenix,
            port: 8080,
            start: ["/app/bin/shop_web", "start"]
        ),
        Sample(
            name: "Laravel before its package.json",
            files: [
                "artisan": "", "composer.json": #"{"require":{"php":"^8.3"}}"#, ".env.example": "DB_CONNECTION=mysql\n",
                "package.json": #"{"scripts":{"build":"vite build"},"devDependencies":{"vite":"7"}}"#,
            ],
            framework: .laravel,
            port: 8080,
            start: ["frankenphp", "run", "--config", "/etc/frankenphp/Caddyfile"]
        ),
        Sample(
            name: "ASP.NET",
            files: ["Shop.csproj": "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><TargetFramework>net9.0</TargetFramework>"],
            framework: .dotnet,
            port: 8080,
            start: ["dotnet", "Shop.dll"]
        ),
        Sample(
            name: "static pages",
            files: ["index.html": "<p>"],
            framework: .staticSite,
            port: 8080,
            start: []
        ),
    ]

    @Test("each is recognised, with its port and its command, and gets a Dockerfile", arguments: samples)
    func recognised(sample: Sample) throws {
        var context = ScanContext(project: Project(files: sample.files))
        FrameworkDetector.detect(&context)
        #expect(context.facts.framework == sample.framework)
        #expect(context.facts.port?.number == sample.port)
        let recipe = try #require(context.facts.recipe)
        #expect(recipe.start == sample.start)
        let text = try #require(RecipeDockerfile.make(context.facts, stamp: "Generated by roost"))
        let users = text.split(separator: "\n").filter { $0.hasPrefix("USER ") }
        #expect(users.last?.dropFirst(5).first?.isNumber == true, "the last user is a number: \(text)")
        #expect(!text.contains("\n\n\n"))
    }

    @Test("an app in the only folder that has one is taken; several are listed")
    func nested() {
        let go = ["go.mod": "module x\ngo 1.25\n", "main.go": "package main\n"]
        var one = ScanContext(project: Project(files: Dictionary(uniqueKeysWithValues: go.map { ("srv/\($0)", $1) })))
        FrameworkDetector.detect(&one)
        #expect(one.root == "srv")
        #expect(one.facts.framework == .go)
        var files = ["web/package.json": #"{"dependencies":{"next":"1"}}"#]
        for (name, text) in go { files["srv/\(name)"] = text }
        var two = ScanContext(project: Project(files: files))
        FrameworkDetector.detect(&two)
        #expect(two.facts.roots.map(\.folder) == ["srv", "web"])
        #expect(two.facts.kind == .collection)
    }

    @Test(
        "what is broken or no app is left alone",
        arguments: [
            ["package.json": "{ not json"], ["package.json": "{}"],
            ["go.mod": "module x\n", "lib.go": "package lib\n"],
            ["Cargo.toml": "[package]\nname = \"lib\"\n", "src/lib.rs": ""], ["mix.exs": "app: :lib"], [:],
            ["Cargo.toml": "[package]\nname = \"x;rm -rf\"\n", "src/main.rs": ""],
        ]
    )
    func leftAlone(files: [String: String]) {
        var context = ScanContext(project: Project(files: files))
        FrameworkDetector.detect(&context)
        #expect(context.facts.framework == nil)
    }
}
