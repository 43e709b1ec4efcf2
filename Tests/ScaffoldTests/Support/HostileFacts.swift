import Model
import Scaffold
import Toolkit

/// Texts that mean something to one of the formats that we write, in every place where a project may have text.
enum HostileFacts {
    static let texts = [
        "a\nb: c\n- d", "x; exit 3; {", "q'\"`q", "{{ .Values.x }}", "${{ secrets.TOKEN }}", "$(HOME) ${HOME} $HOME",
        "back\\slash\\", "# no comment", "- [x, {y: z}]", "%n %h %%", "caf\u{E9} \u{202E}gnp", "tab\tand\rreturn",
        "*alias &anchor !tag |", "null", "yes", "0x10", "1e3", "<<", "~", "key: value", "trailing ", "\u{7}\u{1B}[31m",
        "$$ $ $1 $host", "/a/../../etc/passwd", "@file :- !x +y", "💥",
    ]

    /// Facts with the text everywhere.
    static func facts(_ text: String) -> Facts {
        var facts = FactsSamples.named("everything")
        facts.root = text
        facts.name = text
        facts.entry = .init(kind: .app, target: "app.main:app\(text)", importRoot: text)
        facts.server = .init(.uvicorn)
        facts.server?.config = text
        facts.server?.workerClass = text
        facts.manager?.lock = text
        facts.manager?.workspace = text
        facts.python = .init(text)
        facts.database?.variable = text
        facts.database?.driver = text
        facts.migrations = .init(.own, command: ["migrate", text, text])
        facts.migrations?.workingDirectory = text
        facts.processes = [.init(text, .other, command: ["run", text])]
        facts.services.append(FactsSamples.service(.redis, text))
        facts.health.live = "/\(text)"
        facts.health.ready = text
        facts.statics = [.init(path: text, directory: text, kind: text)]
        facts.frontend = .init(directory: text, isServed: false, packageManager: text)
        facts.traits.stateInProcess = [text]
        facts.writePaths = [text, "/var/\(text)"]
        facts.environment = [FactsSamples.variable(text), FactsSamples.variable("OK", secret: true)]
        facts.existing.dockerfile = text
        facts.existing.dockerTarget = text
        facts.existing.dockerContext = text
        facts.roots = [.init(folder: text, framework: .fastapi), .init(folder: "b", framework: .flask)]
        return facts
    }

    /// A configuration with the text wherever its reader lets it through.
    static func config(_ text: String) -> AppConfig {
        var config = AppConfig()
        config.app = "shop"
        config.env = ["PLAIN": text, "OTHER": "before \(text) after", text: "x"]
        config.processes = ["app": ["serve", text], text: ["work", text]]
        var service = AppConfig.Service()
        service.processes = ["app"]
        service.settings.checks = [check(text)]
        config.httpService = service
        config.build.dockerfile = text
        config.build.target = text
        config.build.args = ["ARG": text]
        config.deploy.releaseCommand = ["release", text]
        return config
    }

    private static func check(_ text: String) -> MachineConfig.Check {
        var check = MachineConfig.Check(type: .http)
        check.path = "/\(text)"
        let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value < 127 }
        if isPlain { check.headers = ["X-Test": text] }
        return check
    }
}
