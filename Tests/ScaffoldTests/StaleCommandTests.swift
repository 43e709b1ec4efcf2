import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Commands that can't be what starts the app")
struct StaleCommandTests {
    private static let app = LaunchSample.app
    private static let needs = LaunchSample.needs

    private func image(_ command: String) -> String { LaunchSample.image + command + "\n" }

    @Test(
        "one that names what is not there is not taken, and fly.toml starts what is",
        arguments: [
            ("CMD [\"uvicorn\", \"app.server:app\"]", "which is not in the project"),
            ("CMD [\"uvicorn\", \"main:application\"]", "and main.py has no application"),
            ("CMD exec gunicorn -k uvicorn.workers.UvicornWorker shop.wsgi:app", "which is not in the project"),
            ("CMD [\"fastapi\", \"run\", \"server/main2.py\"]", "which is not in the project or holds no app"),
            ("CMD [\"python\", \"-m\", \"shop.server\"]", "which is not in the project"),
            ("CMD [\"python\", \"serve.py\"]", "which is not in the project"),
        ]
    )
    func absent(command: String, reason: String) async throws {
        let plan = try await LaunchSample.plan([
            "main.py": Self.app, "requirements.txt": Self.needs, "Dockerfile": image(command),
        ])
        #expect(plan.facts.entry?.target == "main:app")
        #expect(plan.facts.entry?.confidence == .likely)
        let warning = plan.facts.warnings.first { $0.place == Place("Dockerfile", 5) }
        #expect(warning?.message.contains(reason) == true, "\(plan.facts.warnings)")
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains("web = \"uvicorn main:app --host 0.0.0.0 --port 8000"), "\(text)")
        #expect(plan.notes.contains { $0.contains("the command at Dockerfile:5 can't start") }, "\(plan.notes)")
    }

    @Test("one that looks in the wrong folder is told where to look")
    func elsewhere() async throws {
        let files = [
            "service/code/main.py": Self.app, "requirements.txt": Self.needs,
            "Dockerfile": image("CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]"),
        ]
        let plan = try await LaunchSample.plan(files)
        #expect(plan.facts.entry?.confidence == .likely)
        let text = LaunchSample.created("fly.toml", plan)
        #expect(text.contains("web = \"uvicorn main:app --host 0.0.0.0"), "\(text)")
        #expect(text.contains("PYTHONPATH = \"/srv/service/code\""), "\(text)")
        #expect(plan.facts.warnings.contains { $0.message.contains("which is in service/code") })
    }

    @Test(
        "what an image may have by other ways is believed",
        arguments: [
            // Put on the path, by a variable or an option; installed; of a dependency; said by the base image.
            ("ENV PYTHONPATH=/srv/lib/code\nCMD [\"uvicorn\", \"main:app\"]", "lib/code/main.py", ""),
            ("CMD [\"uvicorn\", \"--app-dir\", \"lib/code\", \"main:app\"]", "lib/code/main.py", ""),
            ("RUN pip install ./lib\nCMD [\"uvicorn\", \"shop.main:app\"]", "lib/shop/main.py", "lib/setup.py"),
            ("WORKDIR /srv/lib\nCMD [\"uvicorn\", \"main:app\"]", "lib/main.py", ""),
        ]
    )
    func believed(lines: String, path: String, more: String) async throws {
        var files = [path: Self.app, "requirements.txt": Self.needs, "Dockerfile": image(lines)]
        if !more.isEmpty { files[more] = "from setuptools import setup\nsetup(name='shop')\n" }
        let plan = try await LaunchSample.plan(files)
        #expect(!plan.facts.warnings.contains { $0.isStale == true }, "\(plan.facts.warnings)")
        #expect(!LaunchSample.created("fly.toml", plan).contains("web = "))
    }

    @Test("a module of a package that is required is no fault of the command")
    func ofDependency() async throws {
        let plan = try await LaunchSample.plan([
            "main.py": Self.app, "requirements.txt": Self.needs + "tiles-application==1.0\n",
            "Dockerfile": image("CMD [\"uvicorn\", \"tiles.application.main:app\"]"),
        ])
        #expect(!plan.facts.warnings.contains { $0.isStale == true }, "\(plan.facts.warnings)")
    }

    @Test(
        "what a Dockerfile copies and the project lacks is said with its line, and done without",
        arguments: [
            ("COPY conf/prod.yaml /srv/", "Dockerfile:5 copies conf/prod.yaml, which is not there"),
            ("COPY [\"a.txt\", \"/srv/\"]", "Dockerfile:5 copies a.txt, which is not there"),
            ("ARG DIR=static\nCOPY ${DIR} /srv/static", "Dockerfile:6 copies ${DIR}, which is not there"),
            ("COPY secret.txt .", "Dockerfile:5 copies secret.txt, which .dockerignore leaves out"),
        ]
    )
    func copies(lines: String, text: String) async throws {
        var files = [
            "main.py": Self.app, "requirements.txt": Self.needs, "secret.txt": "x", ".dockerignore": "secret.txt\n",
            "Dockerfile": image(lines + "\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]"),
        ]
        let plan = try await LaunchSample.plan(files)
        #expect(plan.notes.contains("\(text), so it is built without it"), "\(plan.notes)")
        #expect(LaunchSample.created("fly.toml", plan).contains("builder = \"python\""))
        // What only its own Dockerfile can build is told all the same.
        files["Dockerfile"] =
            "FROM node:22 AS web\nFROM python:3.11-slim\nWORKDIR /srv\nCOPY --from=web /x /x\nCOPY . .\n"
            + lines + "\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n"
        let other = try await LaunchSample.plan(files)
        #expect(other.notes.contains { $0.hasSuffix("a build by this file ends there") }, "\(other.notes)")
        #expect(!LaunchSample.created("fly.toml", other).contains("builder"))
    }

    @Test(
        "what may be there is not missed",
        arguments: [
            "COPY conf* /srv/", "COPY $THING /srv/", "ADD https://example.com/a.txt /srv/",
            "COPY --from=other /x /srv/",
            "COPY conf/ /srv/", "COPY ./conf/a.yaml ./main.py /srv/", "COPY <<EOF /srv/a\nCOPY no /srv\nEOF",
        ]
    )
    func present(line: String) async throws {
        let plan = try await LaunchSample.plan([
            "main.py": Self.app, "requirements.txt": Self.needs, "conf/a.yaml": "a: 1\n",
            "Dockerfile": image(line + "\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]"),
        ])
        #expect(!plan.notes.contains { $0.contains("copies") }, "\(plan.notes)")
    }
}
