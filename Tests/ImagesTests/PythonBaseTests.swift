import Foundation
import Glibc
import Model
import Testing
import Toolkit

@testable import Images

@Suite("Bases of Python images")
struct PythonBaseTests {
    @Test(
        "takes names of packages, and nothing that could be an option or a path",
        arguments: [
            ("libpq5", true), ("g++", true), ("python3.11-dev", true), ("7zip", true), ("a", false), ("", false),
            ("-o", false), ("--include=x", false), ("lib/../x", false), ("Libpq", false), ("a,b", false),
            ("a b", false),
            ("libpq5=1", false), ("libpq5\n", false), ("lïb", false),
        ]
    )
    func packageNames(name: String, right: Bool) {
        #expect(SystemRoot.isPackageName(name) == right)
    }

    @Test("names the package that APT does not know")
    func unknownPackages() {
        #expect(SystemRoot.unknownPackage(in: ["E: Unable to locate package libfoo"]) == "libfoo")
        #expect(
            SystemRoot.unknownPackage(in: ["x", "E: Package 'libbar' has no installation candidate"]) == "libbar"
        )
        #expect(SystemRoot.unknownPackage(in: ["E: something else"]) == nil)
    }

    @Test("asks the host's own mirrors for another release, with keys that fit it")
    func translated() {
        var apt = AptSources()
        apt.add(
            list: """
                deb [signed-by=/usr/share/keyrings/debian-archive-bookworm-stable.gpg] http://m/debian bookworm-updates main
                deb http://m/debian/ bookworm main contrib non-free-firmware
                deb [signed-by=/k.gpg] http://m/security bookworm-security main
                deb http://other/ nodistro main
                """
        )
        let lines = SystemReleases.translated(apt.entries, from: "bookworm", to: "trixie").map(\.line)
        #expect(
            lines == [
                "deb http://m/debian/ trixie main",
                "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://m/debian trixie-updates main",
                "deb [signed-by=/k.gpg] http://m/security trixie-security main",
            ]
        )
        #expect(apt.entries[1].base == "http://m/debian")
        #expect(
            apt.entries[2].lineWithoutEnd
                == "deb [check-valid-until=no signed-by=/k.gpg] http://m/security bookworm-security main"
        )
    }

    @Test(
        "reads a release's Python from its index",
        arguments: [
            ("Package: python3\nSource: python3-defaults\nVersion: 3.14.7-3\nDepends: x", "3.14"),
            ("Package: python3\nVersion: 1:3.9.2-3~deb11u1", "3.9"), ("Package: python3\n", nil), ("Version: x", nil),
        ] as [(String, String?)]
    )
    func index(stanza: String, version: String?) {
        #expect(SystemReleases.pythonVersion(in: stanza) == version)
    }

    @Test(
        "tells interpreters from what stands beside them",
        arguments: [
            ("python3.12", true), ("python3.9", true), ("python3.12-config", false), ("python3.13t", false),
            ("python3", false), ("python2.7", false), ("python3.7", false), ("python3.12d", false),
        ]
    )
    func interpreterNames(name: String, right: Bool) {
        #expect(HostInterpreters.isInterpreterName(name) == right)
    }

    @Test("a script, a virtual environment and a program without its library are no interpreters")
    func noInterpreters() async throws {
        let folder = try TemporaryFolder()
        func program(_ name: String, _ text: String) throws {
            try folder.write(text, to: name)
            chmod("\(folder.path)/\(name)", 0o755)
        }
        try program("shims/bin/python3.11", "#!/bin/sh\nexec python3 \"$@\"\n")
        try folder.write("", to: "shims/lib/python3.11/os.py")
        try FileManager.default.createDirectory(atPath: "\(folder.path)/bare/bin", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: "/bin/true", toPath: "\(folder.path)/bare/bin/python3.11")
        try FileManager.default.createDirectory(atPath: "\(folder.path)/false/bin", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: "/bin/true", toPath: "\(folder.path)/false/bin/python3.11")
        try folder.write("", to: "false/lib/python3.11/os.py")
        try folder.write("home = /usr/bin\n", to: "venv/pyvenv.cfg")
        let found = await HostInterpreters(places: [PythonPlace(origin: "x", folder: folder.path)]).find()
        #expect(found.isEmpty)
    }

    @Test("says which versions there are when the wanted one is not among them")
    func missing() throws {
        let wanted = try #require(PythonVersion("3.99"))
        let fault = PythonBaseMaker.missing(wanted, [PythonOffer(version: "3.11", origin: "Debian bookworm")])
        #expect(fault.message == "there is no Python 3.99 on this host; it can make 3.11 (Debian bookworm)")
        #expect(fault.hint?.contains("[build] pythons") == true)
    }
}

extension RealBuilds {
    @Suite("of bases", .enabled(if: Requirements.python))
    struct PythonBaseBuildTests {
        private func run(_ script: String, on base: PythonBase, _ bench: BuildBench) async throws -> String {
            let lines = Lines()
            let step = try bench.python.bases.steps.step(on: base, command: ["/bin/sh", "-ec", script])
            let code = try await bench.python.bases.steps.run(step) { lines.add(BuildProgress(stage: "run", line: $0)) }
            return "\(code) \(lines.text)"
        }

        private static let check = """
            python3 -V; python -c 'import ssl, sqlite3, sys; print(sys.version_info[1])'
            python3 -m venv /tmp/v; /tmp/v/bin/pip --version >/dev/null; id -u app
            """

        @Test(
            "a release that the host's mirrors serve gives a base with its own Python",
            .enabled(if: Mirror.hasTrixie)
        )
        func otherRelease() async throws {
            let bench = try BuildBench(state: RealBuilds.state)
            let base = try await bench.python.bases.base(python: "3.13", BuildTrace { bench.lines.add($0) })
            #expect(base.origin == "Debian trixie")
            #expect(base.version.hasPrefix("3.13."))
            let text = try await run(Self.check, on: base, bench)
            #expect(text.hasPrefix("0 "))
            #expect(text.contains("run: 13") && text.contains("run: 10001"))
            let offers = try await bench.python.bases.offers()
            print(offers)
            #expect(offers.contains(PythonOffer(version: "3.13", full: base.version, origin: "Debian trixie")))
        }

        @Test("an interpreter in the folder that the host names comes first", .enabled(if: Mirror.hasInterpreter))
        func named() async throws {
            let bench = try BuildBench(state: RealBuilds.state, pythons: Mirror.interpreters)
            let trace = BuildTrace { bench.lines.add($0) }
            let base = try await bench.python.bases.base(python: "3.12", trace)
            print(bench.lines.text)
            #expect(base.python == "/usr/local/bin/python3")
            #expect(base.version.hasPrefix("3.12."))
            #expect(base.origin.hasPrefix("\(Mirror.interpreters) on Debian"))
            let text = try await run(Self.check + "\npip3 --version; command -v pip", on: base, bench)
            #expect(text.hasPrefix("0 "))
            #expect(text.contains("run: 12") && text.contains("/usr/local/bin/pip"))
            let again = try await bench.python.bases.base(python: "3.12", trace)
            #expect(again.layers == base.layers)
            let packages = try await bench.python.bases.base(python: "3.12", packages: ["libssl3", "zlib1g"], trace)
            #expect(packages.layers.dropLast() == base.layers.dropLast())
        }

        @Test("packages are added to the base, and one that does not exist is named")
        func packages() async throws {
            let bench = try BuildBench(state: RealBuilds.state)
            let trace = BuildTrace { bench.lines.add($0) }
            let base = try await bench.python.bases.base(packages: ["libpq5"], trace)
            #expect(try await run("ls /usr/lib/*/libpq.so.5; dpkg -s libpq5", on: base, bench).hasPrefix("0 "))
            // On top of what all projects share, not beside it.
            let plain = try await bench.python.bases.base(trace)
            #expect(base.layers.dropLast() == plain.layers)
            let fault = await #expect(throws: Fault.self) {
                try await bench.python.bases.base(packages: ["libno-such-thing9"], trace)
            }
            #expect(fault?.message.contains("has no package \"libno-such-thing9\"") == true)
            await #expect(throws: Fault.self) { try await bench.python.bases.base(packages: ["-oX"], trace) }
        }

        @Test("a Python that nobody has is refused with those that there are")
        func none() async throws {
            let bench = try BuildBench(state: RealBuilds.state)
            let fault = await #expect(throws: Fault.self) {
                try await bench.python.bases.base(python: "3.99", BuildTrace { bench.lines.add($0) })
            }
            #expect(fault?.code == .buildFailed)
            #expect(fault?.message.contains("Debian") == true)
        }
    }
}

/// What this machine has to make bases of besides its own release.
enum Mirror {
    static let interpreters = "/root/.pyenv/versions"

    static let hasInterpreter = has("\(interpreters)/3.12.1/bin/python3.12", "no interpreter at \(interpreters)")

    /// Debian 12 with a mirror that serves Debian 13.
    static let hasTrixie: Bool = {
        let release = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8)) ?? ""
        guard release.contains("VERSION_CODENAME=bookworm") else {
            print("skipped: this machine is no Debian 12")
            return false
        }
        return has("/usr/lib/apt/apt-helper", "no apt-helper")
    }()

    private static func has(_ path: String, _ lack: String) -> Bool {
        if access(path, F_OK) == 0 { return true }
        print("skipped: \(lack)")
        return false
    }
}
