import Toolkit

/// Dockerfiles for apps of other languages than Python, each with a build stage and a small final one.
///
/// Every final stage runs as a numeric user without rights, and its command is in exec form.
package enum RecipeDockerfile {
    /// The Dockerfile's text; nil when the facts hold no recipe, or one of a language that is not known.
    package static func make(_ facts: Facts, stamp: String) -> String? {
        guard let recipe = facts.recipe else { return nil }
        let port = facts.port?.number ?? 8080
        let body: [String]? =
            switch recipe.language {
            case "node", "bun": javaScript(recipe, port)
            case "deno": deno(recipe, port)
            case "go": go(recipe, port)
            case "rust": rust(recipe, port)
            case "ruby": ruby(recipe, port)
            case "elixir": elixir(recipe, port)
            case "php": php(recipe, port)
            case "dotnet": dotnet(recipe, port)
            case "static": ["FROM \(webServer(recipe.version))"] + pages("COPY \(recipe.output ?? ".")/ ", port)
            default: nil
            }
        guard let body else { return nil }
        return (["# syntax=docker/dockerfile:1", "# \(stamp)"] + body).joined(separator: "\n") + "\n"
    }

    // MARK: - Languages

    private static func javaScript(_ recipe: Facts.Recipe, _ port: Int) -> [String] {
        let isBun = recipe.language == "bun"
        let base = isBun ? "oven/bun:\(recipe.version)-slim" : "node:\(recipe.version)-bookworm-slim"
        var build = ["FROM \(base) AS build", "WORKDIR /app"]
        if !recipe.packages.isEmpty { build.append(apt(recipe.packages)) }
        if ["pnpm", "yarn"].contains(recipe.packageManager) { build.append("RUN corepack enable") }
        build.append("COPY . .")
        build.append("RUN \(install(recipe))")
        if let line = recipe.build { build.append("RUN \(line)") }
        if let output = recipe.output {
            return build + ["", "FROM \(webServer("1.29"))"] + pages("COPY --from=build /app/\(output)/ ", port)
        }
        var final = ["", "FROM \(base)", "WORKDIR /app"]
        if !recipe.packages.isEmpty { final.append(apt(recipe.packages)) }
        if ["pnpm", "yarn"].contains(recipe.packageManager), recipe.start.first == recipe.packageManager {
            final.append("RUN corepack enable")
        }
        final += [
            "ENV NODE_ENV=production HOST=0.0.0.0 HOSTNAME=0.0.0.0 PORT=\(port)",
            "COPY --from=build --chown=1000:1000 /app /app", "USER 1000:1000",
        ]
        return build + final + tail(recipe.start, port)
    }

    /// The lock is enforced where there is one.
    private static func install(_ recipe: Facts.Recipe) -> String {
        switch (recipe.packageManager, recipe.lock != nil) {
        case ("pnpm", true): "pnpm install --frozen-lockfile"
        case ("pnpm", false): "pnpm install"
        case ("yarn", true): "yarn install --immutable || yarn install --frozen-lockfile"
        case ("yarn", false): "yarn install"
        case ("bun", true): "bun install --frozen-lockfile"
        case ("bun", false): "bun install"
        case (_, true): "npm ci"
        default: "npm install"
        }
    }

    private static func deno(_ recipe: Facts.Recipe, _ port: Int) -> [String] {
        [
            "FROM denoland/deno:\(recipe.version)", "WORKDIR /app", "COPY . .",
            "RUN deno cache \(recipe.start.last ?? "main.ts")", "ENV PORT=\(port)", "USER 1000:1000",
        ] + tail(recipe.start, port)
    }

    private static func go(_ recipe: Facts.Recipe, _ port: Int) -> [String] {
        let sums = recipe.lock == nil ? "COPY go.mod ./" : "COPY go.mod go.sum ./"
        return [
            "FROM golang:\(recipe.version)-bookworm AS build", "WORKDIR /src", sums, "RUN go mod download", "COPY . .",
            "RUN CGO_ENABLED=0 \(recipe.build ?? "go build -o /out/server .")", "",
            "FROM gcr.io/distroless/static-debian12:nonroot", "WORKDIR /app",
            "COPY --from=build /out/server /app/server",
            "ENV PORT=\(port)", "USER 65532:65532",
        ] + tail(recipe.start, port)
    }

    private static func rust(_ recipe: Facts.Recipe, _ port: Int) -> [String] {
        let output = recipe.output ?? "target/release/app"
        let name = output.split(separator: "/").last.map(String.init) ?? "app"
        return [
            "FROM rust:\(recipe.version)-slim-bookworm AS build", "WORKDIR /src", "COPY . .",
            "RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \\",
            "    \(recipe.build ?? "cargo build --release") && cp \(output) /app-binary", "",
            "FROM debian:bookworm-slim", apt(recipe.packages), "WORKDIR /app",
            "COPY --from=build /app-binary /app/\(name)",
            "ENV PORT=\(port) ROCKET_ADDRESS=0.0.0.0 ROCKET_PORT=\(port)", user, "USER 10001:10001",
        ] + tail(recipe.start, port)
    }

    private static func ruby(_ recipe: Facts.Recipe, _ port: Int) -> [String] {
        let base = "ruby:\(recipe.version)-slim"
        let builders = ["build-essential", "git", "libyaml-dev", "pkg-config"]
        let headers = recipe.packages.compactMap {
            ["libpq5": "libpq-dev", "libmariadb3": "libmariadb-dev", "libsqlite3-0": "libsqlite3-dev"][$0]
        }
        let bundle = recipe.lock == nil ? "COPY Gemfile ./" : "COPY Gemfile Gemfile.lock ./"
        var build = [
            "FROM \(base) AS build", "WORKDIR /app",
            "ENV BUNDLE_DEPLOYMENT=\(recipe.lock == nil ? "0" : "1") BUNDLE_WITHOUT=development:test RAILS_ENV=production",
            apt(builders + headers), bundle, "RUN bundle install", "COPY . .",
        ]
        if let line = recipe.build { build.append("RUN \(line)") }
        return build
            + [
                "", "FROM \(base)", "WORKDIR /app",
                "ENV BUNDLE_DEPLOYMENT=\(recipe.lock == nil ? "0" : "1") BUNDLE_WITHOUT=development:test RAILS_ENV=production \\",
                "    RAILS_LOG_TO_STDOUT=1 RAILS_SERVE_STATIC_FILES=1 RACK_ENV=production PORT=\(port)",
                recipe.packages.isEmpty ? nil : apt(recipe.packages), user,
                "COPY --from=build /usr/local/bundle /usr/local/bundle",
                "COPY --from=build --chown=10001:10001 /app /app", "USER 10001:10001",
            ].compactMap { $0 } + tail(recipe.start, port)
    }

    private static func elixir(_ recipe: Facts.Recipe, _ port: Int) -> [String] {
        let release = recipe.output ?? "_build/prod/rel/app"
        var build = [
            "FROM elixir:\(recipe.version)-slim AS build", "WORKDIR /src", "ENV MIX_ENV=prod",
            apt(["build-essential", "git"]), "RUN mix local.hex --force && mix local.rebar --force", "COPY . .",
            "RUN mix deps.get --only prod && mix deps.compile",
        ]
        if let line = recipe.build { build.append("RUN \(line)") }
        return build + [
            "RUN mix compile && mix release", "", "FROM debian:bookworm-slim", apt(recipe.packages), "WORKDIR /app",
            user,
            "COPY --from=build --chown=10001:10001 /src/\(release) /app",
            "ENV LANG=C.UTF-8 HOME=/app PHX_SERVER=true PORT=\(port)", "USER 10001:10001",
        ] + tail(recipe.start, port)
    }

    private static func php(_ recipe: Facts.Recipe, _ port: Int) -> [String] {
        let root = recipe.output == "." ? "/app/" : "/app/\(recipe.output ?? "public")/"
        var lines: [String] = []
        if let line = recipe.build {
            lines += ["FROM node:24-bookworm-slim AS assets", "WORKDIR /app", "COPY . .", "RUN \(line)", ""]
        }
        lines += ["FROM dunglas/frankenphp:1-php\(recipe.version)", "WORKDIR /app"]
        if recipe.packageManager != nil {
            lines += [
                "COPY --from=composer:2 /usr/bin/composer /usr/bin/composer",
                "RUN install-php-extensions pdo_mysql pdo_pgsql intl zip opcache",
            ]
        }
        lines.append("COPY . .")
        if recipe.packageManager != nil {
            lines.append("RUN composer install --no-dev --no-interaction --optimize-autoloader")
        }
        if recipe.build != nil { lines.append("COPY --from=assets /app/public/build ./public/build") }
        lines += [
            "ENV SERVER_NAME=:\(port) SERVER_ROOT=\(root) XDG_DATA_HOME=/tmp/data XDG_CONFIG_HOME=/tmp/config",
            "RUN chown -R 10001:10001 /app", "USER 10001:10001",
        ]
        return lines + tail(recipe.start, port)
    }

    private static func dotnet(_ recipe: Facts.Recipe, _ port: Int) -> [String] {
        [
            "FROM mcr.microsoft.com/dotnet/sdk:\(recipe.version) AS build", "WORKDIR /src", "COPY . .",
            "RUN \(recipe.build ?? "dotnet publish -c Release -o /out")", "",
            "FROM mcr.microsoft.com/dotnet/aspnet:\(recipe.version)", "WORKDIR /app", "COPY --from=build /out .",
            "ENV ASPNETCORE_HTTP_PORTS=\(port)", "USER 1654:1654",
        ] + tail(recipe.start, port)
    }

    // MARK: - Parts

    private static let user =
        "RUN groupadd --gid 10001 app && useradd --uid 10001 --gid 10001 --no-create-home "
        + "--home-dir /nonexistent --shell /usr/sbin/nologin app"

    private static func apt(_ packages: [String]) -> String {
        """
        RUN apt-get update \\
            && apt-get install --yes --no-install-recommends \(packages.sorted().joined(separator: " ")) \\
            && rm -rf /var/lib/apt/lists/*
        """
    }

    /// nginx that listens on 8080 and runs without root.
    private static func webServer(_ version: String) -> String { "nginxinc/nginx-unprivileged:\(version)-alpine" }

    private static func pages(_ copy: String, _ port: Int) -> [String] {
        ["\(copy)/usr/share/nginx/html/", "USER 101:101", "EXPOSE \(port)", "STOPSIGNAL SIGQUIT"]
    }

    private static func tail(_ start: [String], _ port: Int) -> [String] {
        let words = start.map { word in
            (try? JSON.encode(word)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
        }
        return ["EXPOSE \(port)", "STOPSIGNAL SIGTERM", "CMD [\(words.joined(separator: ", "))]"]
    }
}
