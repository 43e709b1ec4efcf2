import Model
import Testing

@testable import Images

@Suite("The script of an install")
struct InstallScriptTests {
    @Test("installs go into the environment, in their folders, and words of a project stay words")
    func text() {
        var listed = PythonBuild.Install(["pip", "install", "--no-deps", "-r", PythonBuild.listPath])
        listed.list = "six==1\n"
        var own = PythonBuild.Install(["pip", "install", "-e", "."], folder: "it's; reboot")
        (own.isOptional, own.placeholders) = (true, ["README.md"])
        let text = InstallScript.text(
            [listed, .init(["sync", "--frozen"], folder: "a"), own],
            uv: "/uv",
            python: "/py"
        )
        let venv = "'--python' '/opt/venv/bin/python'"
        let isOld = "'/opt/venv/bin/python' '-c' 'import sys; sys.exit(sys.version_info >= (3, 12))'"
        let completion = """
            '/uv' 'pip' 'check' '--quiet' \(venv) 2>/dev/null || { \
            '/uv' 'pip' 'install' \(venv) '-r' '/.roost/lists/0.txt' 2>/dev/null \
            && echo 'what this Python needs and the lock does not have was installed beside it'; } || true
            """
        #expect(
            text.split(separator: "\n") == [
                "set -e", "'/uv' 'venv' '--quiet' '--allow-existing' '--python' '/py' '/opt/venv'",
                "if \(isOld); then '/uv' 'pip' 'install' '--quiet' \(venv) 'setuptools<81' || true; fi",
                "cd '/app' && '/uv' 'pip' 'install' \(venv) '--no-deps' '-r' '/.roost/lists/0.txt'",
                Substring(completion),
                "cd '/app/a' && '/uv' 'sync' '--frozen'",
                "[ -e '/app/README.md' ] || : >'/app/README.md' || true",
                "{ cd '/app/it'\\''s; reboot' && '/uv' 'pip' 'install' \(venv) '-e' '.'; } "
                    + "|| echo 'the project itself could not be installed; its code is used as it is'",
            ]
        )
    }
}
