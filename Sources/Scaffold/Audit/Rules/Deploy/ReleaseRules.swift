import Toolkit

/// C31: who migrates.
enum ReleaseRules {
    static let all = [twice]

    private static let twice = Rule(
        "C31",
        .warning,
        "Migrations run twice",
        why:
            "The release step migrates, and then each new instance does so again, side by side: slower starts, and races for the lock.",
        fix: "Keep the release step, and take it out of the entrypoint.",
        reference: "fly.io/docs/reference/configuration, \"release_command\"; github.com/sqlalchemy/alembic/issues/633",
        exceptions: "files for development; entrypoints that migrate only when a variable says so.",
        bad: [
            "Dockerfile": """
            FROM python:3.14-slim
            USER 10001
            HEALTHCHECK NONE
            CMD ["sh", "-c", "alembic upgrade head && exec uvicorn shop.main:app --host 0.0.0.0"]
            """,
            "fly.toml":
                "app = \"shop\"\n\n[deploy]\n  release_command = \"alembic upgrade head\"\n\n[http_service]\n  internal_port = 8000\n  min_machines_running = 2\n",
        ],
        good: [
            "Dockerfile": """
            FROM python:3.14-slim
            USER 10001
            HEALTHCHECK NONE
            CMD ["uvicorn", "shop.main:app", "--host", "0.0.0.0"]
            """,
            "fly.toml":
                "app = \"shop\"\n\n[deploy]\n  release_command = \"alembic upgrade head\"\n\n[http_service]\n  internal_port = 8000\n  min_machines_running = 2\n",
        ],
        at: ["fly.toml:4"]
    ) { context in
        let runs = context.commands.filter { command in
            !command.isDevelopment && !context.isAside(command.place.file)
                && Migrating.isCommand(command.words.joined(separator: " "))
        }
        let entrypoint = runs.first {
            $0.source == .dockerfile && $0.dockerfile == context.image?.path && isServing($0, context)
                && !isConditional($0, context)
        }
        return platforms.flatMap { source, targets -> [Finding] in
            guard context.concerns(targets) else { return [] }
            let own = runs.filter { command in
                guard command.source == source else { return false }
                guard source == .compose else { return true }
                return context.stacks.contains { $0.path == command.place.file && $0.nature != .development }
            }
            let releases = own.filter { $0.name == "release" || !$0.isProduction }
            guard let release = releases.first else { return [] }
            // A platform's own start command goes before the image's.
            let starts = own.first { $0.isProduction && $0.name != "release" && $0.place != release.place }
            let replaces = source == .procfile || source == .render || source == .railway
            guard let second = starts ?? (replaces ? nil : entrypoint) else { return [] }
            return [
                Finding(
                    "C31",
                    .warning,
                    at: release.place,
                    found: context.line(release.place),
                    "\(second.place) migrates too, in every instance",
                    fix: "take it out of \(second.place.file)"
                )
            ]
        }
    }

    // MARK: - Private

    private static let platforms: [(FoundCommand.Source, Set<AuditTarget>)] = [
        (.fly, [.fly, .roost]), (.procfile, [.heroku]), (.compose, [.compose]), (.render, []), (.railway, []),
    ]

    /// The same entrypoint starts the server as well: it is no image for migrations alone.
    private static func isServing(_ command: FoundCommand, _ context: AuditContext) -> Bool {
        command.isProduction
            && context.imageCommands.contains { ServerCommand.parse($0.words, environment: $0.environment) != nil }
    }

    private static func isConditional(_ command: FoundCommand, _ context: AuditContext) -> Bool {
        guard command.runBy != nil, let text = context.project.text(command.place.file), let line = command.place.line
        else { return false }
        let before = text.textLines.prefix(line - 1)
            .suffix(6)
        return before.contains { line in
            let plain = ImageWords.trimmed(line)
            return plain.hasPrefix("if ") || plain.hasPrefix("case ") || plain.hasSuffix(")")
        }
    }
}
