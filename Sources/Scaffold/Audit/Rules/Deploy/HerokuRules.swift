import Model

/// C25: what Heroku gets.
enum HerokuRules {
    static let all = [heroku]

    private static let heroku = Rule(
        "C25",
        .error,
        "Heroku: ended plan, too many workers, or no release phase",
        why:
            "The `hobby` plans ended, so the app can't be made. Four workers don't fit into a dyno of 512 MB. Without `release:` nobody migrates.",
        fix: "`heroku-postgresql:essential-0`; `WEB_CONCURRENCY` by the dyno's size; `release: alembic upgrade head`.",
        reference: "devcenter.heroku.com/articles/heroku-postgres-plans; devcenter.heroku.com/articles/release-phase",
        exceptions: "Procfiles of other platforms; only the ended plan is an error.",
        targets: [.heroku],
        bad: ["app.json": "{\n  \"name\": \"shop\",\n  \"addons\": [\"heroku-postgresql:hobby-dev\"]\n}\n"],
        good: ["app.json": "{\n  \"name\": \"shop\",\n  \"addons\": [\"heroku-postgresql:essential-0\"]\n}\n"],
        at: ["app.json:3"]
    ) { context in
        plans(context) + workers(context) + release(context)
    }

    // MARK: - Private

    private static func manifests(_ context: AuditContext) -> [(String, ConfigNode)] {
        context.documents.keys.sorted().filter { TreePath.name(of: $0) == "app.json" && !context.isAside($0) }
            .compactMap { path in
                context.documents[path]?.first.map { (path, $0) }
            }
    }

    private static func plans(_ context: AuditContext) -> [Finding] {
        manifests(context).flatMap { path, root in
            (root["addons"]?.items ?? []).compactMap { item in
                guard let plan = item.string ?? item["plan"]?.string, plan.hasPrefix("heroku-"), plan.contains(":hobby")
                else { return nil }
                let place = Place(path, item.position.line)
                let new = plan.hasPrefix("heroku-redis") ? "heroku-redis:mini" : "heroku-postgresql:essential-0"
                return Finding(
                    "C25",
                    .error,
                    at: place,
                    found: context.line(place),
                    "the plan \(plan) has ended",
                    fix: new,
                    patch: context.patch(place, replacing: plan, with: new)
                )
            }
        }
    }

    private static func usesHeroku(_ context: AuditContext) -> Bool {
        if context.isTargetGiven { return context.target == .heroku }
        let marks = ["app.json", "heroku.yml", "runtime.txt"]
        return marks.contains { context.project.has(context.ownPath($0)) }
    }

    /// A dyno of the usual size has 512 MB.
    private static func workers(_ context: AuditContext) -> [Finding] {
        guard usesHeroku(context) else { return [] }
        let isLarge = manifests(context).contains {
            $0.1.at("formation", "web", "size")?.string?.contains("performance") ?? false
        }
        guard !isLarge else { return [] }
        let fitting = (512 - 96) / max(1, context.facts.traits.workerMiB)
        return context.commands.filter { $0.source == .procfile && $0.isProduction }.compactMap { command in
            guard let count = ServerCommand.parse(command.words, environment: command.environment)?.workers,
                count > max(1, fitting)
            else { return nil }
            return Finding(
                "C25",
                .warning,
                at: command.place,
                found: context.line(command.place),
                "\(count) workers need \(96 + count * context.facts.traits.workerMiB) MB, a dyno has 512",
                fix: "leave it to WEB_CONCURRENCY"
            )
        }
    }

    private static func release(_ context: AuditContext) -> [Finding] {
        guard usesHeroku(context), let migrations = context.facts.migrations, migrations.tool != .inApp,
            migrations.runBy.isEmpty
        else { return [] }
        let commands = context.commands.filter { $0.source == .procfile }
        guard let web = commands.first(where: \.isProduction), !commands.contains(where: { $0.name == "release" })
        else { return [] }
        let command = Quoting.shell(migrations.command)
        return [
            Finding(
                "C25",
                .warning,
                at: web.place,
                found: context.line(web.place),
                "nobody runs \(migrations.tool.rawValue)",
                fix: "release: \(command)"
            )
        ]
    }
}
