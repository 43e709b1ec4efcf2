extension DatabaseRules {
    static let breaking = Rule(
        "B11",
        .error,
        "A migration breaks what still runs",
        why:
            "While a deploy rolls, the old code works on the new schema: a column that was dropped or renamed is an error in "
            + "every query of it. A NOT NULL column without a default can't be added to rows that are there, and an index "
            + "that is not built concurrently locks the table.",
        fix:
            "Expand, then contract: add as nullable or with a server default, deploy, fill, and drop in a later release; "
            + "`postgresql_concurrently=True` in an autocommit block.",
        reference: "https://www.postgresql.org/docs/current/sql-altertable.html",
        exceptions:
            "The first revision, and tables that are made in the same one. Of a chain the last five are looked at.",
        bad: [
            "alembic/env.py": "",
            "alembic/versions/a1.py": "revision = \"a1\"\ndown_revision = None\n",
            "alembic/versions/b2.py": """
            from alembic import op
            import sqlalchemy as sa

            revision = "b2"
            down_revision = "a1"

            def upgrade():
                op.drop_column("users", "name")

            def downgrade():
                op.drop_column("users", "other")
            """,
        ],
        good: [
            "alembic/env.py": "",
            "alembic/versions/a1.py": """
            from alembic import op

            revision = "a1"
            down_revision = None

            def upgrade():
                op.drop_table("old")
            """,
            "alembic/versions/b2.py": """
            from alembic import op
            import sqlalchemy as sa

            revision = "b2"
            down_revision = "a1"

            def upgrade():
                op.create_table("orders", sa.Column("id", sa.Integer()))
                op.create_index("by_id", "orders", ["id"])
                op.add_column("users", sa.Column("age", sa.Integer(), nullable=False, server_default="0"))

            def downgrade():
                op.drop_column("users", "age")
            """,
        ],
        at: ["alembic/versions/b2.py:8"]
    ) { context in
        let code = context.code
        let isPostgres = context.facts.database.map { $0.engine == .postgresql } ?? true
        return context.alembic.flatMap { chain -> [Finding] in
            let newest = chain.newest(5)
            let made = Set(newest.flatMap { SchemaOperation.all(in: $0.module) }.flatMap(\.created))
            return newest.filter { !$0.parents.isEmpty }.flatMap { revision -> [Finding] in
                var kinds: Set<String> = []
                return SchemaOperation.all(in: revision.module).compactMap { operation -> Finding? in
                    guard let (severity, message) = operation.harm(newTables: made, isPostgres: isPostgres) else {
                        return nil
                    }
                    // The first of a kind tells what to look for.
                    guard kinds.insert(message.prefix { $0 != " " } + operation.call.method).inserted else {
                        return nil
                    }
                    let place = Place(revision.module.path, operation.call.line)
                    return Finding(
                        "B11",
                        severity,
                        at: place,
                        found: code.found(place),
                        message,
                        fix: "expand in this release, contract in a later one"
                    )
                }
            }
        }
    }

    static let heads = Rule(
        "B12",
        .error,
        "The chain of migrations is broken",
        why: "`alembic upgrade head` refuses to run with several heads, and with a parent that is not there.",
        fix: "`alembic merge heads`; put the missing revision back.",
        reference: "https://alembic.sqlalchemy.org/en/latest/branches.html",
        exceptions: "Branches with labels, and folders with several bases, which are upgraded by `heads`.",
        bad: [
            "migrations/env.py": "",
            "migrations/versions/a1.py": "revision = \"a1\"\ndown_revision = None\n",
            "migrations/versions/b2.py": "revision: str = \"b2\"\ndown_revision: str | None = \"a1\"\n",
            "migrations/versions/c3.py": "# of another branch\nrevision = \"c3\"\ndown_revision = \"a1\"\n",
        ],
        good: [
            "migrations/env.py": "",
            "migrations/versions/a1.py": "revision = \"a1\"\ndown_revision = None\n",
            "migrations/versions/b2.py": "revision = \"b2\"\ndown_revision = \"a1\"\n",
            "migrations/versions/c3.py": "revision = \"c3\"\ndown_revision = \"a1\"\n",
            "migrations/versions/d4.py": "revision = \"d4\"\ndown_revision = (\"b2\", \"c3\")\n",
        ],
        at: ["migrations/versions/c3.py:2"]
    ) { context in
        context.alembic.filter { !$0.isPartial }.flatMap { chain -> [Finding] in
            let ids = Set(chain.revisions.map(\.id))
            var findings = chain.revisions.flatMap { revision in
                // Alembic takes the beginning of an id as well.
                revision.parents.filter { parent in !ids.contains(parent) && !ids.contains { $0.hasPrefix(parent) } }
                    .map { parent in
                        let place = Place(revision.module.path, revision.parentLine)
                        return Finding(
                            "B12",
                            .error,
                            at: place,
                            found: context.code.found(place),
                            "the revision \(parent), which this one builds on, is not there",
                            fix: "put its file back, or name the parent that is there"
                        )
                    }
            }
            let heads = chain.heads
            let bases = chain.revisions.filter(\.parents.isEmpty)
            let isMeant =
                chain.revisions.contains(where: \.isLabelled) || (bases.count > 1 && bases.count >= heads.count)
                || context.upgradesAllHeads
            if heads.count > 1, findings.isEmpty, !isMeant, let last = heads.last {
                let others = heads.dropLast().map(\.id).joined(separator: ", ")
                findings.append(
                    Finding(
                        "B12",
                        .error,
                        at: last.place,
                        found: context.code.found(last.place),
                        "\(heads.count) heads: \(last.id) beside \(others), so that upgrade head refuses to run",
                        fix: "alembic merge heads"
                    )
                )
            }
            return findings
        }
    }
}

extension AuditContext {
    /// Some command upgrades to `heads`, all of them.
    var upgradesAllHeads: Bool {
        facts.migrations?.command.contains("heads") == true
            || commands.contains { $0.words.contains("alembic") && $0.words.contains("heads") }
    }
}
