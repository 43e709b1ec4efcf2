import Testing

@testable import Scaffold

@Suite("Migrations of Django that a deploy brings along")
struct DjangoMigrationsTests {
    private static let first = """
        migrations.CreateModel(
                    name="Item",
                    fields=[
                        ("id", models.AutoField(primary_key=True)),
                        ("name", models.CharField(max_length=20)),
                        ("note", models.TextField(null=True)),
                        ("owner", models.ForeignKey("auth.User", on_delete=models.CASCADE)),
                    ],
                )
        """

    /// A project whose app `shop` has the model and then a migration with those operations.
    private static func files(_ operations: String) -> [String: String] {
        [
            "manage.py": "import django\n", "requirements.txt": "django\n", "shop/__init__.py": "",
            "shop/migrations/__init__.py": "",
            "shop/migrations/0001_initial.py": migration("(\"auth\", \"0012_user\")", first),
            "shop/migrations/0002_next.py": migration("(\"shop\", \"0001_initial\")", operations),
        ]
    }

    private static func migration(_ parents: String, _ operations: String, more: String = "") -> String {
        """
        from django.db import migrations, models


        class Migration(migrations.Migration):
            \(more)
            dependencies = [\(parents)]
            operations = [
                \(operations),
            ]
        """
    }

    private func pending(_ files: [String: String], running: [String]?) async throws -> PendingMigrations {
        try await PendingMigrations.read(try await Scan.run(Project(files: files)), running: running)
    }

    @Test(
        "what breaks code that still runs",
        arguments: [
            ("migrations.RemoveField('item', 'note')", "drops note of item"),
            ("migrations.DeleteModel(name='Item')", "drops the table of Item"),
            ("migrations.RenameField(model_name='item', old_name='note', new_name='text')", "renames note"),
            ("migrations.RenameModel('Item', 'Thing')", "renames the table"),
            ("migrations.AlterModelTable(name='item', table='things')", "renames the table"),
            ("migrations.AddField('item', 'age', models.IntegerField(default=0))", "adds age"),
            ("migrations.AlterField('item', 'name', models.IntegerField())", "changes the type"),
            ("migrations.AlterField('item', 'note', models.TextField())", "makes note of item NOT NULL"),
            ("migrations.AlterField('item', 'note', models.TextField(null=True, db_column='t'))", "renames note"),
            ("migrations.RunSQL('ALTER TABLE shop_item DROP COLUMN note', 'SELECT 1')", "drops note of shop_item"),
            (
                "migrations.SeparateDatabaseAndState(database_operations=[migrations.RemoveField('item', 'note')])",
                "drops note"
            ),
        ]
    )
    func breaking(operation: String, message: String) async throws {
        let found = try await pending(Self.files(operation), running: ["shop.0001_initial"])
        #expect(found.heads == ["shop.0002_next"] && !found.isUnknown)
        let only = try #require(found.breaks.first)
        #expect(found.breaks.count == 1 && only.message.hasPrefix(message), "\(found)")
        #expect(only.place == "shop/migrations/0002_next.py:8" && only.revision == "shop.0002_next", "\(found)")
    }

    @Test(
        "what does not",
        arguments: [
            "migrations.AddField('item', 'age', models.IntegerField(null=True))",
            "migrations.AddField('item', 'age', models.IntegerField(default=0, db_default=0))",
            "migrations.AddField('item', 'tags', models.ManyToManyField('shop.Tag'))",
            "migrations.AlterField('item', 'name', models.SlugField(max_length=40))",
            "migrations.AlterField('item', 'note', models.TextField(null=True, blank=True))",
            "migrations.CreateModel('Tag', [('id', models.AutoField())]), migrations.RenameField('tag', 'id', 'key')",
            "migrations.CreateModel('Old', [], options={'managed': False}), migrations.DeleteModel('Old')",
            "migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField('item', 'note')])",
            "migrations.RunSQL('CREATE INDEX a ON shop_item (name)', 'DROP TABLE shop_item')",
            "migrations.RunPython(lambda apps, editor: None)",
        ]
    )
    func harmless(operation: String) async throws {
        let found = try await pending(Self.files(operation), running: ["shop.0001_initial"])
        #expect(found.breaks.isEmpty && !found.isUnknown, "\(found)")
    }

    @Test("only what the release in service does not have yet, whatever was put together since")
    func new() async throws {
        var files = Self.files("migrations.RemoveField('item', 'note')")
        #expect(try await pending(files, running: ["shop.0002_next"]).breaks.isEmpty)
        let unknown = try await pending(files, running: nil)
        #expect(unknown.isUnknown && unknown.breaks.isEmpty && unknown.heads == ["shop.0002_next"])
        let parents = "(\"shop\", \"0002_next\")"
        files["shop/migrations/0003_drop.py"] = Self.migration(parents, "migrations.DeleteModel('Item')")
        files["orders/migrations/0001_initial.py"] = Self.migration(
            "(\"shop\", \"0003_drop\")",
            "migrations.CreateModel('Order', [])"
        )
        let later = try await pending(files, running: ["shop.0002_next"])
        #expect(later.heads == ["orders.0001_initial"], "\(later)")
        #expect(later.breaks.map(\.revision) == ["shop.0003_drop"], "\(later)")
        // Two became one, which the release in service has done under their names.
        for name in ["0001_initial", "0002_next"] { files["shop/migrations/\(name).py"] = nil }
        files["shop/migrations/0001_squashed.py"] = Self.migration(
            "",
            Self.first,
            more: "replaces = [(\"shop\", \"0001_initial\"), (\"shop\", \"0002_next\")]"
        )
        files["shop/migrations/0003_drop.py"] = Self.migration(
            "(\"shop\", \"0001_squashed\")",
            "migrations.DeleteModel('Item')"
        )
        let squashed = try await pending(files, running: ["shop.0002_next"])
        #expect(!squashed.isUnknown && squashed.breaks.map(\.revision) == ["shop.0003_drop"], "\(squashed)")
    }
}
