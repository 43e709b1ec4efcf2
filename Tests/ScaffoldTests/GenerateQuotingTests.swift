import Foundation
import Model
import Testing
import Toolkit

@testable import Scaffold

/// Whatever is written is read back by the program that the syntax belongs to.
@Suite("Foreign text stays one value in every syntax")
struct GenerateQuotingTests {
    private static let texts: [String] =
        HostileFacts.texts + [
            "", " ", "plain", "it's", "'", "''", "\"", "\\", "\\\\", "a\\", "a;b", "`id`", "$(id)", "${{",
            "${{ secrets.A }}", "{{ x }}",
            "a\0b", "\0", "a\nRUN evil", "a\r\nb", "#", "# a", "a #b", "-", "- a", ":", "a:", "a: b", "@a", "%", "!",
            "!a", "&a", "*a",
            "?", "|", ">", "~", "null", "true", "No", "off", "0o7", "1_000", "12:30", "2001-01-01", ".5", "1e3", "=",
            "<<", "<<EOF",
            "---", "...", "[", "]", "{", "}", ",", "é", "e\u{301}", "😀", "\u{202E}abc", "\u{2028}", "\u{FEFF}",
            "\u{7F}", "\u{85}",
            "\u{E000}", "\u{10FFFF}", "\u{1F3F4}\u{E0067}", "a\tb", "\u{1B}[31m", "$", "$$", "$HOME", "${HOME:-x}",
            "%n", "%%", "\\n", "\\x41",
        ]

    private static var withoutNUL: [String] { texts.filter { !$0.unicodeScalars.contains("\0") } }

    @Test("JSON", .enabled(if: Command.find("python3") != nil, "no python3"))
    func json() async throws {
        try await expectSame(Self.texts.map { Quoting.json($0) }, as: Self.texts, reader: "json.loads(text)")
    }

    @Test("Python", .enabled(if: Command.find("python3") != nil, "no python3"))
    func python() async throws {
        try await expectSame(Self.texts.map { Quoting.python($0) }, as: Self.texts, reader: "ast.literal_eval(text)")
    }

    @Test("TOML, by Python's reader", .enabled(if: Command.find("python3") != nil, "no python3"))
    func tomlOfPython() async throws {
        let documents = Self.texts.map { "\(Quoting.tomlKey($0)) = \(Quoting.toml($0))\n" }
        let reader =
            "(lambda d: next(iter(d.values())) if next(iter(d)) == next(iter(d.values())) else None)(tomllib.loads(text))"
        try await expectSame(documents, as: Self.texts, reader: reader)
    }

    @Test("TOML, by our own reader", arguments: texts)
    func toml(_ text: String) throws {
        let root = try TOML.parse("\(Quoting.tomlKey(text)) = \(Quoting.toml(text))\nafter = 1\n", file: "a.toml")
        #expect(root[text]?.value == .string(text))
        #expect(root["after"]?.value == .integer(1))
    }

    /// Yams takes a byte-order mark at the begin of a value for that of a file.
    @Test("YAML, by our own reader", arguments: texts.filter { $0 != "\u{FEFF}" })
    func yaml(_ text: String) throws {
        let root = try YAML.parse(
            "a: \(Quoting.yaml(text))\nafter: 1\nlist:\n  - \(Quoting.yaml(text))\n",
            file: "a.yaml"
        )
        #expect(root["a"]?.value == .string(text))
        #expect(root["after"]?.value == .integer(1))
        guard case .array(let items)? = root["list"]?.value else { return #expect(Bool(false), "no list") }
        #expect(items.map(\.value) == [.string(text)])
    }

    @Test("a shell's words, by sh")
    func shell() async throws {
        let script = "printf '%s\\n.\\n' " + Quoting.shell(Self.withoutNUL)
        let output = try await Command("sh", ["-c", script]).checked()
        #expect(output == Self.withoutNUL.map { $0 + "\n.\n" }.joined())
    }

    @Test("commands of fly.toml")
    func words() throws {
        #expect(try Words.split(Quoting.shell(Self.withoutNUL)) == Self.withoutNUL)
    }

    @Test("the exec form", arguments: texts)
    func exec(_ text: String) throws {
        let file = "FROM a\nCMD \(Quoting.exec(["run", text]))\nUSER 1\n"
        let stage = try #require(Dockerfile.parse(file, path: "Dockerfile").stages.first)
        #expect(stage.instructions.map(\.word) == ["CMD", "USER"])
        #expect(stage.instructions.first?.exec == ["run", text.replacing("\0", with: "")])
    }

    @Test("ENV lines, with line ends as blanks", arguments: texts)
    func dockerEnvironment(_ text: String) throws {
        let file =
            "FROM a\nENV NAME=\(Quoting.dockerEnvironment(text)) AFTER=1\nRUN echo \(Quoting.run(text))\nUSER 1\n"
        let stage = try #require(Dockerfile.parse(file, path: "Dockerfile").stages.first)
        #expect(stage.instructions.map(\.word) == ["ENV", "RUN", "USER"])
        let values = Dockerfile.arguments(stage.instructions[0].text)
        #expect(values.map(\.name) == ["NAME", "AFTER"])
        #expect(values.first?.value == Quoting.comment(text))
    }

    @Test("env files, by sh, or not at all")
    func dotenv() async throws {
        for text in Self.withoutNUL {
            guard let value = Quoting.dotenv(text) else { continue }
            #expect(!value.contains("\n"))
            let script = "NAME=\(value)\nprintf '%s.' \"$NAME\""
            #expect(try await Command("sh", ["-c", script]).checked() == text + ".", "\(value)")
        }
        #expect(Quoting.dotenv("a\nB=c") == nil)
        #expect(Quoting.dotenv("it's $5") == nil)
    }

    @Test(
        "nginx takes its parameters, and has no variable in them",
        .enabled(if: Command.find("nginx") != nil, "no nginx")
    )
    func nginx() async throws {
        let folder = try ScratchFolder()
        let values = Self.texts.compactMap { Quoting.nginx($0) }
        #expect(values.count > 60)
        #expect(Quoting.nginx("$host") == nil)
        let lines = values.filter { $0 != "\"\"" }.map { "        add_header X-A \($0);" }.joined(separator: "\n")
        let path = try folder.write(
            """
            pid \(folder.path)/pid;
            error_log stderr;
            events {}
            http {
                access_log off;
                server {
                    listen 127.0.0.1:18999;
            \(lines)
                }
            }
            """,
            to: "nginx.conf"
        )
        let outcome = try await Command("nginx", ["-t", "-p", folder.path, "-c", path]).run()
        #expect(outcome.code == 0, "\(outcome.error)")
    }

    @Test("systemd's words stay in their quotes", arguments: texts)
    func systemd(_ text: String) {
        for quoted in [Quoting.systemdWord(text), Quoting.systemdEnvironment("NAME", text)] {
            #expect(!quoted.contains { $0.isNewline || $0 == "\0" })
            var place = quoted.dropFirst()
            while let character = place.first, character != "\"" { place = place.dropFirst(character == "\\" ? 2 : 1) }
            #expect(place == "\"")
            #expect(!quoted.replacing("%%", with: "").contains("%"))
        }
        #expect(!Quoting.systemdWord(text).replacing("$$", with: "").contains("$"))
    }

    @Test("GitHub evaluates nothing but our own braces", arguments: texts)
    func githubActions(_ text: String) {
        let written = Quoting.githubActions(text)
        #expect(!written.replacing("${{ '${{' }}", with: "").contains("${{"))
        #expect(written.replacing("${{ '${{' }}", with: "${{") == text)
    }

    @Test("a comment is one line", arguments: texts)
    func comment(_ text: String) {
        #expect(!Quoting.comment(text).unicodeScalars.contains { $0.properties.generalCategory == .control })
    }

    @Test("paths with a meaning of their own are told from others")
    func paths() {
        for path in ["app", "a/b-c.d", "src/@types", "a+b"] { #expect(Quoting.isPlainPath(path)) }
        for path in ["", "-a", "a b", "a*", "a/../b", "$x", "a\nb", "!a", "[a]", "a,b", "a=b", "\u{e9}"] {
            #expect(!Quoting.isPlainPath(path))
        }
    }

    // MARK: - Private

    /// Has Python read each text, and compares what it got.
    private func expectSame(_ written: [String], as texts: [String], reader: String) async throws {
        let script = """
            import ast, json, sys, tomllib
            print(json.dumps([\(reader) for text in json.load(sys.stdin)]))
            """
        let input = String(decoding: try JSON.encode(written), as: UTF8.self)
        let output = try await Command("python3", ["-I", "-c", script], input: input).checked()
        let read = try JSONDecoder().decode([String?].self, from: Data(output.utf8))
        for (text, value) in zip(texts, read) {
            #expect(value?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
        }
        #expect(read.count == texts.count)
    }
}
