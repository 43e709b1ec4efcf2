import Foundation
import Model
import Toolkit

/// Go: a module with a `main` package.
enum GoApp {
    static func recognise(_ folder: AppFolder) -> RecognisedApp? {
        guard folder.has("go.mod"), let package = mainPackage(folder) else { return nil }
        let version = folder.match("^go ([0-9]+\\.[0-9]+)", in: "go.mod") ?? "1.25"
        var recipe = Facts.Recipe(language: "go", version: version, start: ["/app/server"])
        recipe.build = "go build -trimpath -ldflags=-s -o /out/server \(package)"
        recipe.lock = folder.first("go.sum")
        recipe.output = "/out/server"
        let port = port(folder, package)
        return RecognisedApp(.go, recipe, port: port, evidence: .init(folder.place("go.mod"), "Go module, \(package)"))
    }

    /// `.`, or the one folder of `cmd/` (`server`, `api`, `web` before others).
    private static func mainPackage(_ folder: AppFolder) -> String? {
        let isMain = { (file: String) in folder.match("^package (main)\\b", in: file) != nil }
        if folder.files.contains(where: { $0.hasSuffix(".go") && !$0.hasSuffix("_test.go") && isMain($0) }) {
            return "."
        }
        let prefix = folder.name("cmd/")
        let names = Set(
            folder.project.files.filter { $0.hasPrefix(prefix) && $0.hasSuffix(".go") }
                .compactMap { $0.dropFirst(prefix.count).split(separator: "/").dropLast().first.map(String.init) }
        )
        let plain = names.filter { $0.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) } }.sorted()
        let best = ["server", "api", "web", "app", "http"].first { plain.contains($0) } ?? plain.first
        return best.map { "./cmd/\($0)" }
    }

    private static func port(_ folder: AppFolder, _ package: String) -> Int {
        let files = package == "." ? folder.files.filter { $0.hasSuffix(".go") } : ["\(package.dropFirst(2))/main.go"]
        for file in files {
            if let port = folder.match("\":([0-9]{4,5})\"", in: file).flatMap(Int.init) { return port }
        }
        return 8080
    }
}

/// Rust: a package with a program.
enum RustApp {
    static func recognise(_ folder: AppFolder) -> RecognisedApp? {
        guard let text = folder.text("Cargo.toml"), let manifest = try? TOML.parse(text, file: "Cargo.toml") else {
            return nil
        }
        guard let (name, dependencies) = program(folder, manifest) else { return nil }
        guard name.allSatisfy({ $0.isLetter || $0.isNumber || "-_".contains($0) }) else { return nil }
        let families = ["rocket", "actix-web", "axum", "warp", "poem", "salvo", "tide", "hyper"]
        let family = families.first { dependencies.contains($0) }
        var recipe = Facts.Recipe(language: "rust", version: "1", start: ["/app/\(name)"])
        recipe.build = "cargo build --release --locked --bin \(name)"
        recipe.output = "target/release/\(name)"
        recipe.lock = folder.first("Cargo.lock")
        recipe.packages = ["ca-certificates"]
        let port = folder.match("(?:0\\.0\\.0\\.0|127\\.0\\.0\\.1)[^0-9\\n]{1,6}([0-9]{4,5})", in: "src/main.rs")
        let what = family.map { "Rust, \($0)" } ?? "Rust program \(name)"
        var app = RecognisedApp(
            .rust,
            recipe,
            port: port.flatMap(Int.init) ?? (family == "rocket" ? 8000 : 8080),
            evidence: .init(folder.place("Cargo.toml"), what)
        )
        if recipe.lock == nil { app.warnings.append("no Cargo.lock: commit it, the build asks for it") }
        if dependencies.contains("diesel") || dependencies.contains("sqlx") { app.database = .postgresql }
        return app
    }

    /// The program's name and the names of the dependencies; a workspace's member when the root has none.
    private static func program(_ folder: AppFolder, _ manifest: ConfigNode) -> (String, Set<String>)? {
        if case .string(let name) = manifest["package"]?["name"]?.value,
            folder.has("src/main.rs") || manifest["bin"] != nil
        {
            return (binary(manifest) ?? name, dependencies(manifest))
        }
        guard case .array(let members) = manifest["workspace"]?["members"]?.value else { return nil }
        for member in members {
            guard case .string(let path) = member.value, !path.contains("*"), folder.has("\(path)/src/main.rs"),
                let text = folder.text("\(path)/Cargo.toml"), let own = try? TOML.parse(text, file: "Cargo.toml"),
                case .string(let name) = own["package"]?["name"]?.value
            else { continue }
            return (binary(own) ?? name, dependencies(own))
        }
        return nil
    }

    private static func binary(_ manifest: ConfigNode) -> String? {
        guard case .array(let bins) = manifest["bin"]?.value, case .string(let name) = bins.first?["name"]?.value else {
            return nil
        }
        return name
    }

    private static func dependencies(_ manifest: ConfigNode) -> Set<String> {
        guard case .table(let entries) = manifest["dependencies"]?.value else { return [] }
        return Set(entries.map(\.key))
    }
}

/// ASP.NET: a project with the web SDK.
enum DotnetApp {
    static func recognise(_ folder: AppFolder) -> RecognisedApp? {
        let projects = folder.files.filter { $0.hasSuffix(".csproj") || $0.hasSuffix(".fsproj") }
        for file in projects {
            guard folder.match("(Microsoft\\.NET\\.Sdk\\.Web)", in: file) != nil else { continue }
            let name = String(file.dropLast(7))
            guard name.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }) else { continue }
            let version = folder.match("<TargetFramework>net([0-9]+\\.[0-9]+)", in: file) ?? "9.0"
            var recipe = Facts.Recipe(language: "dotnet", version: version, start: ["dotnet", "\(name).dll"])
            recipe.build = "dotnet publish \(file) -c Release -o /out"
            recipe.output = "/out"
            let found = Facts.Evidence(folder.place(file), "ASP.NET, \(file)")
            return RecognisedApp(.dotnet, recipe, port: 8080, evidence: found)
        }
        return nil
    }
}
