import Foundation

/// Ruby on Rails.
enum RailsApp {
    static func recognise(_ folder: AppFolder) -> RecognisedApp? {
        let file =
            folder.has("bin/rails") ? "bin/rails" : folder.match("(Rails)", in: "config.ru") != nil ? "config.ru" : nil
        guard let file, folder.has("Gemfile") else { return nil }
        var recipe = RubyApp.recipe(folder, start: ["bin/rails", "server", "-b", "0.0.0.0", "-p", "3000"])
        recipe.build = "SECRET_KEY_BASE_DUMMY=1 bin/rails assets:precompile"
        var app = RecognisedApp(.rails, recipe, port: 3000, evidence: .init(folder.place(file), "Ruby on Rails"))
        app.secrets = folder.has("config/credentials.yml.enc") ? ["RAILS_MASTER_KEY"] : ["SECRET_KEY_BASE"]
        app.database = RubyApp.database(folder)
        if app.database != nil {
            var migrations = Facts.Migrations(.rails, command: ["bin/rails", "db:prepare"])
            migrations.location = "db/migrate"
            migrations.evidence = [.init(folder.place(file), "Ruby on Rails")]
            app.migrations = migrations
        }
        // Rails 7.1 and later bring this route along.
        if folder.match("(rails/health#show)", in: "config/routes.rb") != nil { app.health = "/up" }
        return app
    }
}

/// Ruby with Rack: Sinatra, Hanami, Roda.
enum RubyApp {
    static func recognise(_ folder: AppFolder) -> RecognisedApp? {
        guard folder.has("config.ru"), folder.has("Gemfile") else { return nil }
        let recipe = recipe(folder, start: ["bundle", "exec", "rackup", "--host", "0.0.0.0", "--port", "8080"])
        var app = RecognisedApp(.ruby, recipe, port: 8080, evidence: .init(folder.place("config.ru"), "Rack app"))
        app.database = database(folder)
        return app
    }

    static func recipe(_ folder: AppFolder, start: [String]) -> Facts.Recipe {
        let version =
            folder.match("([0-9]+\\.[0-9]+)", in: ".ruby-version")
            ?? folder.match("^ruby ['\"][^0-9]*([0-9]+\\.[0-9]+)", in: "Gemfile") ?? "3.4"
        var recipe = Facts.Recipe(language: "ruby", version: version, start: start)
        recipe.packageManager = "bundler"
        recipe.lock = folder.first("Gemfile.lock")
        switch database(folder) {
        case .postgresql: recipe.packages = ["libpq5"]
        case .mysql: recipe.packages = ["libmariadb3"]
        case .sqlite: recipe.packages = ["libsqlite3-0"]
        default: break
        }
        return recipe
    }

    static func database(_ folder: AppFolder) -> Facts.Database.Engine? {
        switch folder.match("^\\s*gem ['\"](pg|mysql2|trilogy|sqlite3|mongoid)['\"]", in: "Gemfile") {
        case "pg": .postgresql
        case "mysql2", "trilogy": .mysql
        case "sqlite3": .sqlite
        case "mongoid": .mongodb
        default: nil
        }
    }
}

/// Elixir with Phoenix.
enum PhoenixApp {
    static func recognise(_ folder: AppFolder) -> RecognisedApp? {
        guard folder.match("(\\{:phoenix,)", in: "mix.exs") != nil, let name = ElixirApp.name(folder) else {
            return nil
        }
        var recipe = ElixirApp.recipe(folder, name: name)
        recipe.build = folder.has("assets/js/app.js") ? "mix assets.deploy" : nil
        var app = RecognisedApp(
            .phoenix,
            recipe,
            port: 8080,
            evidence: .init(folder.place("mix.exs"), "Phoenix, \(name)")
        )
        app.secrets = ["SECRET_KEY_BASE"]
        if folder.match("(\\{:postgrex,)", in: "mix.exs") != nil {
            app.database = .postgresql
            app.secrets.append("DATABASE_URL")
            if folder.has("lib/\(name)/release.ex") {
                let call = "\(camel(name)).Release.migrate"
                app.migrations = Facts.Migrations(.ecto, command: ["/app/bin/\(name)", "eval", call])
                app.migrations?.evidence = [.init(folder.place("lib/\(name)/release.ex"), "release task")]
            } else {
                app.warnings.append("no release module for migrations: mix phx.gen.release makes one")
            }
        }
        return app
    }

    private static func camel(_ name: String) -> String {
        name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}

/// Elixir with Mix and no Phoenix.
enum ElixirApp {
    static func recognise(_ folder: AppFolder) -> RecognisedApp? {
        guard folder.has("mix.exs"), let name = name(folder) else { return nil }
        // A library has no server among its dependencies.
        guard folder.match("\\{:(plug_cowboy|bandit|cowboy),", in: "mix.exs") != nil else { return nil }
        let recipe = recipe(folder, name: name)
        return RecognisedApp(.elixir, recipe, port: 8080, evidence: .init(folder.place("mix.exs"), "Elixir, \(name)"))
    }

    static func name(_ folder: AppFolder) -> String? {
        folder.match("^\\s*app:\\s*:([a-z][a-z0-9_]*)", in: "mix.exs")
    }

    static func recipe(_ folder: AppFolder, name: String) -> Facts.Recipe {
        let version = folder.match("^elixir\\s+([0-9]+\\.[0-9]+)", in: ".tool-versions") ?? "1.18"
        var recipe = Facts.Recipe(language: "elixir", version: version, start: ["/app/bin/\(name)", "start"])
        recipe.packageManager = "mix"
        recipe.lock = folder.first("mix.lock")
        recipe.output = "_build/prod/rel/\(name)"
        recipe.packages = ["libstdc++6", "openssl", "libncurses6", "ca-certificates"]
        return recipe
    }
}

/// PHP with Laravel.
enum LaravelApp {
    static func recognise(_ folder: AppFolder) -> RecognisedApp? {
        guard folder.has("artisan"), folder.has("composer.json") else { return nil }
        var recipe = PHPApp.recipe(folder, documentRoot: "public")
        recipe.build = folder.has("package.json") ? "npm ci && npm run build" : nil
        var app = RecognisedApp(.laravel, recipe, port: 8080, evidence: .init(folder.place("artisan"), "Laravel"))
        app.secrets = ["APP_KEY"]
        switch folder.match("^DB_CONNECTION=([a-z]+)", in: ".env.example") {
        case "pgsql": app.database = .postgresql
        case "mysql", "mariadb": app.database = .mysql
        case "sqlite": app.database = .sqlite
        default: break
        }
        app.migrations = Facts.Migrations(.laravel, command: ["php", "artisan", "migrate", "--force"])
        app.migrations?.evidence = [.init(folder.place("artisan"), "Laravel")]
        if folder.match("(health: '/up')", in: "bootstrap/app.php") != nil { app.health = "/up" }
        return app
    }
}

/// Plain PHP, or PHP with Composer.
enum PHPApp {
    static func recognise(_ folder: AppFolder) -> RecognisedApp? {
        let root = folder.has("public/index.php") ? "public" : folder.has("index.php") ? "." : nil
        guard let root else { return nil }
        let file = root == "." ? "index.php" : "public/index.php"
        let recipe = recipe(folder, documentRoot: root)
        return RecognisedApp(.php, recipe, port: 8080, evidence: .init(folder.place(file), "PHP, \(file)"))
    }

    static func recipe(_ folder: AppFolder, documentRoot: String) -> Facts.Recipe {
        let version = folder.match("\"php\"\\s*:\\s*\"[^0-9]*(8\\.[0-9])", in: "composer.json") ?? "8.4"
        let start = ["frankenphp", "run", "--config", "/etc/frankenphp/Caddyfile"]
        var recipe = Facts.Recipe(language: "php", version: version, start: start)
        recipe.packageManager = folder.has("composer.json") ? "composer" : nil
        recipe.lock = folder.first("composer.lock")
        recipe.output = documentRoot
        return recipe
    }
}

/// Pages without a program.
enum StaticSite {
    static func recognise(_ folder: AppFolder) -> RecognisedApp? {
        let hugo = folder.first("hugo.toml", "hugo.yaml")
        guard hugo == nil else { return nil }
        let directory = ["", "public", "dist", "site", "www", "docs"].first { part in
            folder.has(part.isEmpty ? "index.html" : "\(part)/index.html")
        }
        guard let directory, folder.path.isEmpty || directory.isEmpty else { return nil }
        let file = directory.isEmpty ? "index.html" : "\(directory)/index.html"
        var recipe = Facts.Recipe(language: "static", version: "1.29", start: [])
        recipe.output = directory.isEmpty ? "." : directory
        return RecognisedApp(.staticSite, recipe, port: 8080, evidence: .init(folder.place(file), "static pages"))
    }
}
