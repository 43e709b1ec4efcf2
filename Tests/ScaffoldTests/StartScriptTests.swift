import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Scripts that start a server")
struct StartScriptTests {
    @Test(
        "what changes the user or collects children is taken off",
        arguments: [
            "exec gosu app uv run uvicorn a:b", "su-exec app:app uvicorn a:b", "runuser -u app -- uvicorn a:b",
            "runuser -u app uvicorn a:b", "setpriv --reuid=1000 --regid=1000 --init-groups uvicorn a:b",
            "setpriv --reuid 1000 --groups 5,6 poetry run uvicorn a:b", "chpst -u app uvicorn a:b",
            "su app -c 'exec uvicorn a:b'", "su -s /bin/sh app -c 'uvicorn a:b'", "runuser app -c 'uvicorn a:b'",
            "dumb-init --rewrite 15:2 -- uvicorn a:b", "ionice -c 3 nice -n 5 uvicorn a:b",
            "docker-init -- uvicorn a:b",
            "sudo -E -u app pdm run uvicorn a:b",
        ]
    )
    func wrappers(line: String) throws {
        #expect(ServerCommand.parse(try Words.split(line))?.target == "a:b")
    }

    @Test("a text of one word has no lines of its own behind it")
    func hereString() {
        let script = "while read -r line; do echo \"$line\"; done <<< \"$art\"\nexec uvicorn a:b\n"
        #expect(ShellScript.lines(of: script).last?.words == ["exec", "uvicorn", "a:b"])
        let document = "cat <<EOF\nuvicorn no:no\nEOF\nuvicorn a:b\n"
        #expect(ShellScript.lines(of: document).map(\.words) == [["cat"], ["uvicorn", "a:b"]])
    }

    @Test(
        "what is set for development only does not count, and its commands are marked",
        arguments: [
            ("if [ \"$MODE\" == \"TRUE\" ]; then O=\"--x\"; fi\nrun $O", ["run --x"]),
            ("if [ \"$DEV_MODE\" == \"TRUE\" ]; then\n O=\"--reload\"\nelse\n O=\"\"\nfi\nrun $O", ["run"]),
            ("if [ \"$APP_ENV\" = development ]; then O=--reload; fi\nrun $O", ["run"]),
            ("if [[ -n $DEBUG ]]; then O=--reload; else O='--workers 4'; fi\nrun $O", ["run --workers 4"]),
            ("if [ \"$ENV\" != production ]; then run dev; else run prod; fi", ["run dev *", "run prod"]),
            ("if [ \"$ENV\" = \"prod\" ]; then run prod; else run dev; fi", ["run prod", "run dev *"]),
            ("if [ ! \"$DEBUG\" = true ]; then run prod; else run dev; fi", ["run prod", "run dev *"]),
            ("[ \"$RELOAD\" = true ] && O=--reload\nrun $O", ["run"]),
            ("[ \"$ENV\" = prod ] || O=--reload\nrun $O", ["run"]),
            ("case \"$APP_ENV\" in\n dev) run dev ;;\n *) run prod ;;\nesac", ["run dev *", "run prod"]),
            ("set -- run \"$@\"\nexec \"$@\"", ["exec run a"]),
        ]
    )
    func development(text: String, lines: [String]) {
        let found = ShellScript.lines(of: text, arguments: ["a"]).filter { $0.words.contains("run") }
        #expect(found.map { $0.words.joined(separator: " ") + ($0.isDevelopment ? " *" : "") } == lines)
    }

    private static let app = EntryCase.app
    private static let script = """
        #!/usr/bin/env bash
        set -eu
        show() {
          while IFS= read -r line; do echo "$line"; done <<< "$1"
        }
        show 'it'
        DEVELOPMENT_MODE=${SHOP_DEVELOPMENT:-FALSE}
        if [ "$DEVELOPMENT_MODE" == "TRUE" ]; then
            DEV_OPTIONS="--reload"
        else
            DEV_OPTIONS=""
        fi
        if [ "$(id -u)" = '0' ]; then
            exec gosu shop uv run fastapi run /app/shop/main.py --port "${PORT:-8000}" --proxy-headers $DEV_OPTIONS
        else
            exec uv run fastapi run /app/shop/main.py --port "${PORT:-8000}" --proxy-headers $DEV_OPTIONS
        fi
        """

    /// A tree whose top is one app, with a smaller one in a folder of its own.
    private static func tree(_ script: String, relay: String = "relay") -> [String: String] {
        [
            "pyproject.toml": "[project]\nname = \"shop\"\ndependencies = [\"fastapi[standard]\"]\n", "uv.lock": "",
            "shop/__init__.py": "", "shop/main.py": app, "start.sh": script,
            "Dockerfile":
                "FROM python:3.13-slim\nWORKDIR /app\nCOPY start.sh .\nCOPY shop ./shop\nCMD [\"/app/start.sh\"]\n",
            "\(relay)/pyproject.toml": "[project]\nname = \"relay\"\ndependencies = [\"fastapi[standard]\"]\n",
            "\(relay)/main.py": app, "\(relay)/uv.lock": "",
            "\(relay)/Dockerfile": "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n"
                + "CMD [\"uv\", \"run\", \"fastapi\", \"run\", \"/app/main.py\", \"--port\", \"8000\"]\n",
        ]
    }

    @Test(
        "the app at the top goes before one in a folder of its own, whose command is as certain",
        arguments: ["relay", "a/relay"]
    )
    func top(relay: String) async throws {
        let scan = try await Scan.run(Project(files: Self.tree(Self.script, relay: relay)))
        #expect(EntryCase.text(scan.facts) == "app shop.main:app in ., certain, 8000")
        #expect(scan.facts.existing.dockerfile == "Dockerfile")
        let plan = LaunchPlan.make(scan.facts, project: scan.context.project)
        #expect(plan.question == nil)
        // None is taken in silence.
        #expect(scan.facts.roots.map(\.folder) == ["", relay])
        let other = try await Scan.run(Project(files: Self.tree(Self.script, relay: relay)), root: relay).facts
        #expect(other.entry?.target == "main:app" && other.root == relay)
    }

    @Test("a file at the top that starts one of several parts leaves the question open")
    func parts() async throws {
        var files = Self.tree("exec uvicorn shop.main:app --port 8000\n")
        files["shop/pyproject.toml"] = files["pyproject.toml"]
        files["shop/Dockerfile"] =
            "FROM python:3.13\nCOPY . /app/shop\nWORKDIR /app\nCMD [\"uvicorn\", \"shop.main:app\"]\n"
        let scan = try await Scan.run(Project(files: files))
        #expect(LaunchPlan.make(scan.facts, project: scan.context.project).question?.contains("which of these") == true)
    }

    @Test("two that stand beside each other are still asked about")
    func beside() async throws {
        var files = Self.tree(Self.script)
        for name in ["Dockerfile", "start.sh", "shop/main.py", "shop/__init__.py", "pyproject.toml", "uv.lock"] {
            files["shop-app/\(name)"] = files[name]
            files[name] = nil
        }
        let scan = try await Scan.run(Project(files: files))
        #expect(LaunchPlan.make(scan.facts, project: scan.context.project).question?.contains("which of these") == true)
    }
}
