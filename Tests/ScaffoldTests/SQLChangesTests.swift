import Testing

@testable import Scaffold

@Suite("What SQL does to tables")
struct SQLChangesTests {
    @Test(
        "statements that break code which still runs",
        arguments: [
            ("ALTER TABLE users DROP COLUMN name", "drops name of users"),
            ("alter table if exists only app.\"users\" drop if exists name cascade", "drops name of users"),
            ("ALTER TABLE `users` ADD `a` int, DROP `name`", "drops name of users"),
            ("ALTER TABLE users RENAME COLUMN a TO b", "renames a of users"),
            ("ALTER TABLE users RENAME TO people", "renames the table users"),
            ("RENAME TABLE users TO people", "renames a table"),
            ("ALTER TABLE users ALTER COLUMN age TYPE bigint USING age::bigint", "changes the type of age"),
            ("ALTER TABLE users ALTER age SET DATA TYPE bigint", "changes the type of age"),
            ("ALTER TABLE users MODIFY COLUMN age bigint", "changes the type of age"),
            ("ALTER TABLE users CHANGE age years int", "renames age of users"),
            ("ALTER TABLE users ALTER COLUMN age SET NOT NULL", "makes age of users NOT NULL"),
            ("ALTER TABLE users ADD age numeric(8, 2) NOT NULL", "adds age to users"),
            ("DROP TABLE IF EXISTS a, users", "drops the table a"),
            ("DO $$ BEGIN IF true THEN ALTER TABLE users DROP COLUMN name; END IF; END $$", "drops name of users"),
        ]
    )
    func breaking(sql: String, message: String) {
        let found = SQLChanges(sql).harms(newTables: [])
        #expect(found.first?.message.hasPrefix(message) == true, "\(found)")
    }

    @Test(
        "statements that don't",
        arguments: [
            "ALTER TABLE users ADD COLUMN age int NOT NULL DEFAULT 0", "ALTER TABLE users ADD COLUMN age int",
            "ALTER TABLE users ADD CONSTRAINT c CHECK (a IS NOT NULL)", "ALTER TABLE users DROP CONSTRAINT c",
            "ALTER TABLE users ALTER COLUMN age DROP NOT NULL", "ALTER TABLE users RENAME CONSTRAINT a TO b",
            "ALTER TABLE users ADD COLUMN id bigint NOT NULL GENERATED ALWAYS AS IDENTITY",
            "-- ALTER TABLE users DROP COLUMN name", "/* DROP TABLE users; */ SELECT 1",
            "INSERT INTO log VALUES ('it''s; DROP TABLE users')", "INSERT INTO log VALUES (E'\\'; DROP TABLE users;')",
            "CREATE FUNCTION f() RETURNS void AS $f$ DROP TABLE users; $f$ LANGUAGE sql",
            "CREATE TABLE users (a int); ALTER TABLE users DROP COLUMN a", "DROP INDEX a", "DROP TABLE new_one",
            "CREATE TABLE new_users (a int); DROP TABLE users; ALTER TABLE new_users RENAME TO users", "",
            "ALTER TABLE", "DROP TABLE", "ALTER TABLE users", "ALTER TABLE users DROP", "$", "$a", "'", "\"", "/*",
        ]
    )
    func harmless(sql: String) {
        let found = SQLChanges(sql).harms(newTables: ["new_one"])
        #expect(found.isEmpty, "\(found)")
    }

    @Test("each statement has the line that it begins in, whatever it stands behind")
    func lines() {
        let text = "SELECT 1;\n\n-- a\nALTER TABLE a\n  DROP x;\nDO $$\nBEGIN\nDROP TABLE b;\nEND\n$$;\n\nDROP TABLE c;"
        #expect(SQLChanges(text).harms(newTables: []).map(\.line) == [4, 6, 12])
    }

    @Test("names go by their numbers")
    func order() {
        let names = ["10_a", "9_b", "0010_b", "V2__x", "V10__a", "2_a"]
        #expect(names.sorted(by: SQLMigrations.precedes) == ["2_a", "9_b", "10_a", "0010_b", "V2__x", "V10__a"])
    }
}
