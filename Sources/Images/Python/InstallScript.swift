import Model

/// The shell script that makes a virtual environment and fills it, one install after the other.
enum InstallScript {
    /// Where the lists of requirements are while it runs.
    static let lists = "\(BuildStepRunner.place)/lists"

    /// The whole of it, for installs in their order and the paths of uv and of the interpreter in the sandbox.
    ///
    /// An install that is optional may fail.
    static func text(_ installs: [PythonBuild.Install], uv: String, python: String) -> String {
        var lines = [
            "set -e",
            line([uv, "venv", "--quiet", "--allow-existing", "--python", python, PythonBuild.virtualEnvironment]),
        ]
        // A lock of uv's is complete by itself; all else was written where environments had setuptools.
        if installs.contains(where: { $0.arguments.first == "pip" }) { lines.append(seed(uv)) }
        for (number, install) in installs.enumerated() {
            let folder = install.folder.isEmpty ? PythonBuild.home : "\(PythonBuild.home)/\(install.folder)"
            for path in install.placeholders {
                let file = quoted("\(PythonBuild.home)/\(path)")
                lines.append("[ -e \(file) ] || : >\(file) || true")
            }
            var words = install.arguments.map { $0 == PythonBuild.listPath ? "\(lists)/\(number).txt" : $0 }
            // `pip` goes by the interpreter that it is told, not by the environment that is active.
            if words.starts(with: ["pip", "install"]) {
                words.insert(contentsOf: ["--python", "\(PythonBuild.virtualEnvironment)/bin/python"], at: 2)
            }
            var command = "cd \(quoted(folder)) && \(line([uv] + words))"
            if install.isOptional {
                let sentence = "the project itself could not be installed; its code is used as it is"
                command = "{ \(command); } || echo \(quoted(sentence))"
            }
            lines.append(command)
            if install.list != nil, words.contains("--no-deps") { lines.append(completion(words, uv)) }
        }
        return lines.joined(separator: "\n")
    }

    // MARK: - Private

    /// A lock that was made on another version of Python may lack what only this one needs: `async-timeout` before 3.11.3.
    ///
    /// A lock that contradicts itself stays as it is.
    private static func completion(_ words: [String], _ uv: String) -> String {
        let check = line([uv, "pip", "check", "--quiet"] + words[2..<4])
        let sentence = "what this Python needs and the lock does not have was installed beside it"
        let whole = line([uv] + words.filter { $0 != "--no-deps" })
        return "\(check) 2>/dev/null || { \(whole) 2>/dev/null && echo \(quoted(sentence)); } || true"
    }

    /// Up to Python 3.11 an environment has setuptools from its start, and packages of that time import `pkg_resources`
    /// without asking for it; setuptools 81 is the first that warns of its end.
    ///
    /// > Source: docs.python.org, "What's New In Python 3.12", ensurepip and venv.
    private static func seed(_ uv: String) -> String {
        let python = "\(PythonBuild.virtualEnvironment)/bin/python"
        let isOld = line([python, "-c", "import sys; sys.exit(sys.version_info >= (3, 12))"])
        let install = line([uv, "pip", "install", "--quiet", "--python", python, "setuptools<81"])
        return "if \(isOld); then \(install) || true; fi"
    }

    private static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    private static func quoted(_ word: String) -> String {
        "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
