import Model

/// The shell script that makes a virtual environment and fills it, one install after the other.
enum InstallScript {
    /// Where the lists of requirements are while it runs.
    static let lists = "\(StepRunner.place)/lists"

    /// The whole of it, for installs in their order and the paths of uv and of the interpreter in the sandbox.
    ///
    /// An install that is optional may fail.
    static func text(_ installs: [PythonBuild.Install], uv: String, python: String) -> String {
        var lines = [
            "set -e",
            line([uv, "venv", "--quiet", "--allow-existing", "--python", python, PythonBuild.virtualEnvironment]),
        ]
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
        }
        return lines.joined(separator: "\n")
    }

    // MARK: - Private

    private static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    private static func quoted(_ word: String) -> String {
        "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
