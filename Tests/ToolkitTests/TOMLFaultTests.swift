import Model
import Testing
import Toolkit

@Suite("TOML 1.0: what it refuses")
struct TOMLFaultTests {
    @Test("says where, what was expected and what was found", arguments: rows)
    func golden(row: (reason: String, text: String, expected: String)) {
        #expect(Self.fault(Array(row.text.utf8))?.description == row.expected, "\(row.reason)")
    }

    @Test(
        "refuses bytes that are no text, with their place",
        arguments: [
            ([0x61, 0x00], "fly.toml:1:2: expected text, found the control character U+0000"),
            ([0x61, 0x0A, 0x23, 0x07], "fly.toml:2:2: expected text, found the control character U+0007"),
            ([0x23, 0x7F], "fly.toml:1:2: expected text, found the control character U+007F"),
            ([0x23, 0x0D, 0x61], "fly.toml:1:2: expected a line feed after the carriage return, found none"),
            ([0x23, 0x0D], "fly.toml:1:2: expected a line feed after the carriage return, found none"),
            ([0x23, 0xC3, 0xA9, 0xFF], "fly.toml:1:3: expected UTF-8, found the byte 0xFF"),
            ([0x23, 0xC0, 0xAF], "fly.toml:1:2: expected UTF-8, found the byte 0xC0"),
            ([0x23, 0xED, 0xA0, 0x80], "fly.toml:1:2: expected UTF-8, found the byte 0xED"),
            ([0x23, 0xE2, 0x82], "fly.toml:1:2: expected UTF-8, found the byte 0xE2"),
            ([0x23, 0xF5, 0x80, 0x80, 0x80], "fly.toml:1:2: expected UTF-8, found the byte 0xF5"),
        ] as [([UInt8], String)]
    )
    func hostile(bytes: [UInt8], expected: String) {
        #expect(Self.fault(bytes)?.message == expected)
        #expect(Self.fault(bytes)?.code == .invalidConfig)
    }

    // MARK: - Private

    private static func fault(_ bytes: [UInt8]) -> Fault? {
        do throws(Fault) {
            _ = try TOML.parse(bytes, file: "fly.toml")
            return nil
        } catch {
            return error
        }
    }

    private static let rows: [(reason: String, text: String, expected: String)] = [
        (
            "a value without quotes",
            "app = notes",
            """
            fly.toml:1:7: expected a value, found "notes"
            text needs quotes
            """
        ),
        (
            "no value",
            "app =",
            "fly.toml:1:6: expected a value, found the end of the file"
        ),
        (
            "no equals sign",
            #"app "x""#,
            #"fly.toml:1:5: expected "=" after the key, found a double quote"#
        ),
        (
            "two values on a line",
            "a = 1 b = 2",
            #"fly.toml:1:7: expected the end of the line after the value, found "b""#
        ),
        (
            "no key",
            "= 1",
            """
            fly.toml:1:1: expected a key, found "="
            a key with other characters than A-Z a-z 0-9 _ - needs quotes
            """
        ),
        (
            "a key with an umlaut",
            "größe = 1",
            #"fly.toml:1:3: expected "=" after the key, found "ö""#
        ),
        (
            "a string that is never closed",
            """
            a = "x
            b = 1
            """,
            """
            fly.toml:1:7: expected a closing double quote, found the end of the line
            the text begins at 1:5
            """
        ),
        (
            "a text of several lines that is never closed",
            #"""
            a = """
            x

            """#,
            """
            fly.toml:3:1: expected three closing double quotes, found the end of the file
            the text begins at 1:5
            """
        ),
        (
            "an escape that there is not",
            #"a = "C:\temp\x""#,
            #"""
            fly.toml:1:13: expected an escape (\b \t \n \f \r \" \\ \uXXXX \UXXXXXXXX), found a backslash and "x"
            in single quotes a backslash is itself
            """#
        ),
        (
            "half a Unicode escape",
            #"a = "\u12""#,
            "fly.toml:1:10: expected 4 hexadecimal digits after the backslash, found a double quote"
        ),
        (
            "a surrogate",
            #"a = "\ud800""#,
            "fly.toml:1:6: expected a Unicode character, found U+D800"
        ),
        (
            "a number with leading zero",
            "a = 0123",
            #"fly.toml:1:5: expected a value, found "0123""#
        ),
        (
            "a number above 64 bits",
            "a = 9223372036854775808",
            #"fly.toml:1:5: expected an integer of 64 bits, found "9223372036854775808""#
        ),
        (
            "a hexadecimal number above 64 bits",
            "a = 0xffffffffffffffff",
            #"fly.toml:1:5: expected an integer of 64 bits, found "0xffffffffffffffff""#
        ),
        (
            "a float without digits after the point",
            "a = 1.",
            #"fly.toml:1:5: expected a value, found "1.""#
        ),
        (
            "double underscores",
            "a = 1__0",
            #"fly.toml:1:5: expected a value, found "1__0""#
        ),
        (
            "a day that there is not",
            "a = 2023-02-29",
            #"fly.toml:1:5: expected a value, found "2023-02-29""#
        ),
        (
            "an array without a comma",
            "a = [1 2]",
            #"fly.toml:1:8: expected "," or "]" in the array, found "2""#
        ),
        (
            "an array that is never closed",
            """
            a = [1,
            2
            """,
            #"fly.toml:2:2: expected "," or "]" in the array, found the end of the file"#
        ),
        (
            "a table in braces over two lines",
            """
            a = { b = 1,
             c = 2 }
            """,
            """
            fly.toml:1:13: expected a key, found the end of the line
            a table in braces stands on one line
            """
        ),
        (
            "a comma before the closing brace",
            "a = { b = 1, }",
            """
            fly.toml:1:14: expected a key, found "}"
            TOML 1.0 has no comma before the closing brace
            """
        ),
        (
            "a key twice",
            """
            a = 1

            a = 2
            """,
            #"fly.toml:3:1: expected a new key, found "a" again, which is a value since 1:1"#
        ),
        (
            "a table twice",
            """
            [a]
            [b]
            [a]
            """,
            #"fly.toml:3:2: expected a new key, found "a" again, which is a table since 1:2"#
        ),
        (
            "a table that is a value",
            """
            a = 1
            [a.b]
            """,
            #"fly.toml:2:2: expected a new key, found "a" again, which is a value since 1:1"#
        ),
        (
            "an array of tables that is a table",
            """
            [a]
            [[a]]
            """,
            #"fly.toml:2:3: expected a new key, found "a" again, which is a table since 1:2"#
        ),
        (
            "a table that is an array of tables",
            """
            [[a]]
            [a]
            """,
            #"fly.toml:2:2: expected a new key, found "a" again, which is an array of tables since 1:3"#
        ),
        (
            "an array that can't grow",
            """
            a = []
            [[a]]
            """,
            #"fly.toml:2:3: expected a new key, found "a" again, which is an array since 1:1"#
        ),
        (
            "dots into a table that has a header",
            """
            [a.b]
            c = 1
            [a]
            b.d = 1
            """,
            #"fly.toml:4:1: expected a new key, found "b" again, which is a table since 1:4"#
        ),
        (
            "adding to a table in braces",
            """
            a = { b = 1 }
            [a.c]
            """,
            #"fly.toml:2:2: expected a new key, found "a" again, which is a table in braces since 1:1"#
        ),
        (
            "a header that is never closed",
            """
            [a
            b = 1
            """,
            #"fly.toml:1:3: expected "]" after the name of the table, found the end of the line"#
        ),
        (
            "a header of two brackets closed by one",
            """
            [[a]

            """,
            #"fly.toml:1:5: expected "]]" after the name of the table, found the end of the line"#
        ),
        (
            "text after a header",
            "[a] b = 1",
            #"fly.toml:1:5: expected the end of the line after the header, found "b""#
        ),
    ]
}
