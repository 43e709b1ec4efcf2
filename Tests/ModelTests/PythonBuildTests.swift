import Foundation
import Testing

@testable import Model

@Suite("The way to build a Python project")
struct PythonBuildTests {
    @Test("an old one without today's keys is read, with their defaults")
    func old() throws {
        let text = #"{"installs":[{"arguments":["pip","install","six"]}],"from_tomorrow":{"a":1}}"#
        let build = try JSONDecoder().decode(PythonBuild.self, from: Data(text.utf8))
        #expect(build.installs == [.init(["pip", "install", "six"])])
        #expect((build.python, build.folder, build.command, build.writable) == (nil, "", [], []))
        try build.check()
    }

    @Test("today's form stays readable")
    func golden() throws {
        let text = """
            {"command":["uvicorn","main:app"],"environment":{"PYTHONPATH":"/app"},"folder":"backend","installs":[{"arguments":\
            ["pip","install","-r","{list}"],"decisive":["a.txt"],"files":["a.txt","b.txt"],"folder":"backend","list":"six==1\\n",\
            "optional":true,"placeholders":["README.md"]}],"notes":["n"],"packages":{"build":["gcc"],"run":["libpq5"]},\
            "python":{"reason":".python-version:1","version":"3.12"},"writable":["/app/data"]}
            """
        let build = try JSONDecoder().decode(PythonBuild.self, from: Data(text.utf8))
        var install = PythonBuild.Install(
            ["pip", "install", "-r", "{list}"],
            folder: "backend",
            files: ["a.txt", "b.txt"]
        )
        (install.decisive, install.list) = (["a.txt"], "six==1\n")
        (install.isOptional, install.placeholders) = (true, ["README.md"])
        #expect(build.installs == [install])
        #expect(build.python == .init("3.12", reason: ".python-version:1"))
        #expect(build.packages == .init(build: ["gcc"], run: ["libpq5"]))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(String(decoding: try encoder.encode(build), as: UTF8.self) == text)
    }

    static let hostile: [(String, @Sendable (inout PythonBuild) -> Void)] = [
        ("a folder above", { $0.folder = "../x" }),
        ("an absolute folder", { $0.folder = "/etc" }),
        ("a writable folder above", { $0.writable = ["/../etc"] }),
        ("an option in the place of a package", { $0.packages.run = ["--install"] }),
        ("a shell's word in the place of a package", { $0.packages.build = ["gcc;reboot"] }),
        ("a Python that is a path", { $0.python = .init("3.12/../..") }),
        ("another command of uv", { $0.installs = [.init(["run", "x"])] }),
        ("no command", { $0.installs = [.init([])] }),
        ("an install elsewhere", { $0.installs = [.init(["sync"], folder: "a/../..")] }),
        ("a file elsewhere", { $0.installs = [.init(["sync"], files: ["../secret"])] }),
        ("a line end in an argument", { $0.installs = [.init(["pip", "a\nb"])] }),
        ("a zero byte", { $0.command = ["a\0b"] }),
        ("too many installs", { $0.installs = Array(repeating: .init(["sync"]), count: 51) }),
    ]

    @Test("what no reader makes is refused", arguments: hostile)
    func refuses(name: String, change: @Sendable (inout PythonBuild) -> Void) {
        var build = PythonBuild()
        change(&build)
        let fault = #expect(throws: Fault.self) { try build.check() }
        #expect(fault?.code == .invalidRequest)
    }

    @Test("packages have the names of their release")
    func names() {
        #expect(DebianPackages.names(["libldap2", "gcc"], in: "bookworm") == ["libldap-2.5-0", "gcc"])
        #expect(DebianPackages.names(["libldap2"], in: "trixie") == ["libldap2"])
        #expect(DebianPackages.names(["libldap2", "libgdal36"], in: "bullseye") == ["libldap-2.5-0", "libgdal28"])
    }
}
