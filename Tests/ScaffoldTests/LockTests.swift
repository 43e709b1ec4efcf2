import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Locks of Python's package managers")
struct LockTests {
    static let markers: [(String, Bool)] = [
        (#"python_version < "3.11""#, false), (#"python_version >= "3.8" and python_version < "4.0""#, true),
        (#"sys_platform == "win32""#, false), (#"sys_platform != "win32" or extra == "x""#, true),
        // Debian's interpreter may be that early, and too much does the least harm.
        (#"python_full_version < "3.12.3""#, true), (#"python_full_version < "3.12.0""#, false),
        (#"(python_version < "3.10" or python_full_version >= "3.12.1") and platform_system == "Linux""#, true),
        (#"extra == "Stan.dard""#, true), (#"extra == "other""#, false), (#"extra != "other""#, true),
        (#""linux" in sys_platform"#, true), (#"sys_platform not in "win32,linux""#, false),
        (#"python_version == "3.12.*""#, true), (#"python_version == "3.1.*""#, false),
        (#"python_version ~= "3.10""#, true), (#"platform_release >= "20.9.0""#, true),
        (#"implementation_name == "pypy""#, false), (#"os_name == "nt""#, false), (#"'3.9' > python_version"#, false),
    ]

    @Test("conditions hold as PEP 508 says, on Linux with Python 3.12", arguments: markers)
    func marker(text: String, expected: Bool) throws {
        let environment = Marker.Environment(minor: 12, extras: ["stan-dard"])
        #expect(try #require(Marker(text)).holds(in: environment) == expected)
    }

    @Test("what is no condition counts as met", arguments: ["python_version <", "(", "a b c", "\"x", "x == 'y' and"])
    func noMarker(text: String) {
        #expect(Marker(text) == nil)
        #expect(Marker.holds(text, in: .init(minor: 12)))
    }

    @Test("conditions nested without end are no conditions, and take no time")
    func deepMarker() {
        #expect(Marker(String(repeating: "(", count: 10_000)) == nil)
        #expect(Marker(String(repeating: "(", count: 200_000)) == nil)
    }

    static let specifiers: [(String, String)] = [
        ("^1.2.3", ">=1.2.3,<2"), ("^0.115", ">=0.115,<0.116"), ("^0.0.3", ">=0.0.3,<0.0.4"), ("^0", ">=0,<1"),
        ("~1.2", ">=1.2,<1.3"), ("~1", ">=1,<2"), ("~=1.2", "~=1.2"), ("*", ""), ("", ""), ("1.2.3", "==1.2.3"),
        ("1.2.*", "==1.2.*"), (">=1,<2", ">=1,<2"), (" >= 1 , != 1.5 ", ">=1,!=1.5"), ("^1 || ^2", ">=2,<3"),
        ("=1.24", "==1.24.*"), ("==1.24", "==1.24"), ("^2024.1", ">=2024.1,<2025"),
    ]

    @Test("a tool's ranges become standard ones", arguments: specifiers)
    func specifier(text: String, expected: String) { #expect(Specifier.standard(text) == expected) }

    private static let hash = "sha256:" + String(repeating: "a", count: 64)

    private func poetry(
        _ lock: String,
        wanted: [String] = [],
        groups: Set<String> = [],
        extras: Set<String> = [],
        minor: Int = 12
    ) throws -> [String] {
        let root = try TOML.parse(lock, file: "poetry.lock")
        let choice = LockedPackages.Choice(groups: groups, extras: extras, minor: minor, folder: "backend")
        let packages = try #require(PoetryLock.read(root, wanted: wanted.compactMap { Requirement($0) }, choice))
        return packages.list.split(separator: "\n").map(String.init)
    }

    @Test("a lock of poetry 2 is taken by its groups and conditions, with hashes")
    func poetryMarked() throws {
        let lock = """
            [[package]]
            name = "FastAPI"
            version = "0.115.6"
            optional = false
            groups = ["main"]
            files = [{file = "f.whl", hash = "\(Self.hash)"}]
            [[package]]
            name = "colorama"
            version = "0.4.6"
            groups = ["main", "dev"]
            markers = {main = "platform_system == \\"Windows\\"", dev = "sys_platform == \\"linux\\""}
            [[package]]
            name = "pytest"
            version = "8.0"
            groups = ["dev"]
            [[package]]
            name = "tomli"
            version = "2.0"
            groups = ["main"]
            markers = "python_version < \\"3.11\\""
            [[package]]
            name = "redis"
            version = "5.0"
            optional = true
            groups = ["main"]
            markers = "extra == \\"cache\\""
            [metadata]
            lock-version = "2.1"
            """
        #expect(try poetry(lock) == ["fastapi==0.115.6 --hash=\(Self.hash)"])
        #expect(try poetry(lock, groups: ["dev"]).count == 3)
        #expect(try poetry(lock, minor: 10).contains("tomli==2.0"))
        #expect(try poetry(lock, extras: ["cache"]).contains("redis==5.0"))
    }

    @Test("of an older lock only what the project's own dependencies lead to is taken")
    func poetryFollowed() throws {
        let lock = """
            [[package]]
            name = "uvicorn"
            version = "0.34.0"
            python-versions = ">=3.9"
            [package.dependencies]
            click = ">=7.0"
            colorama = {version = ">=0.4", markers = "sys_platform == \\"win32\\" and extra == \\"standard\\""}
            httptools = {version = ">=0.6.3", optional = true, markers = "extra == \\"standard\\""}
            [package.extras]
            standard = ["colorama (>=0.4)", "httptools (>=0.6.3)"]
            [[package]]
            name = "click"
            version = "8.1.7"
            [[package]]
            name = "httptools"
            version = "0.6.4"
            [[package]]
            name = "colorama"
            version = "0.4.6"
            [[package]]
            name = "black"
            version = "24.1"
            [[package]]
            name = "numpy"
            version = "1.24.4"
            python-versions = ">=3.8,<3.12"
            [[package]]
            name = "numpy"
            version = "1.26.0"
            python-versions = ">=3.12"
            [metadata.files]
            click = [{file = "c.whl", hash = "\(Self.hash)"}]
            """
        #expect(try poetry(lock, wanted: ["uvicorn"]) == ["click==8.1.7 --hash=\(Self.hash)", "uvicorn==0.34.0"])
        let extra = try poetry(lock, wanted: ["uvicorn[standard]", "numpy"])
        #expect(extra.contains("httptools==0.6.4") && extra.contains("numpy==1.26.0"))
        #expect(!extra.contains { $0.hasPrefix("colorama") || $0.hasPrefix("black") || $0.contains("1.24.4") })
        #expect(try poetry(lock, wanted: ["numpy"], minor: 11) == ["numpy==1.24.4"])
    }

    @Test("packages from elsewhere keep their source, and a hostile one breaks no line")
    func sources() throws {
        let lock = """
            [[package]]
            name = "a"
            version = "1"
            groups = ["main"]
            [package.source]
            type = "git"
            url = "https://host/a.git"
            reference = "main"
            resolved_reference = "0123abc"
            subdirectory = "core"
            [[package]]
            name = "b"
            version = "1"
            groups = ["main"]
            [package.source]
            type = "directory"
            url = "../libs/b"
            [[package]]
            name = "c"
            version = "1"
            groups = ["main"]
            [package.source]
            type = "git"
            url = "https://host/c\\n--index-url http://evil"
            [[package]]
            name = "d"
            version = "1\\n--index-url x"
            groups = ["main"]
            [[package]]
            name = "e"
            version = "1"
            groups = ["main"]
            files = [{file = "e", hash = "sha256:x --index-url y"}]
            """
        #expect(
            try poetry(lock) == [
                "-e /app/libs/b", "a @ git+https://host/a.git@0123abc#subdirectory=core", "e==1",
            ]
        )
    }

    @Test("a lock of pdm is taken by its groups, one of pipenv by its sections")
    func others() throws {
        let pdm = """
            [metadata]
            groups = ["default", "dev"]
            [[package]]
            name = "starlette"
            version = "0.41"
            groups = ["default"]
            [[package]]
            name = "ruff"
            version = "0.9"
            groups = ["dev"]
            [[package]]
            name = "uvloop"
            version = "0.21"
            groups = ["default"]
            marker = "sys_platform != \\"win32\\""
            [[package]]
            name = "uvicorn"
            version = "0.34"
            extras = ["standard"]
            groups = ["default"]
            [[package]]
            name = "uvicorn"
            version = "0.34"
            groups = ["default"]
            """
        let choice = LockedPackages.Choice(minor: 12)
        let first = try #require(PDMLock.read(try TOML.parse(pdm, file: "pdm.lock"), choice))
        #expect(first.list == "starlette==0.41\nuvicorn==0.34\nuvloop==0.21\n")
        let pipenv = """
            {"_meta": {"sources": [{"name": "pypi", "url": "https://mirror/simple", "verify_ssl": true}]},
             "default": {"flask": {"version": "==3.0", "hashes": ["\(Self.hash)"]},
              "pywin32": {"version": "==300", "markers": "sys_platform == 'win32'"},
              "core": {"path": "./core", "editable": true}, "x": {"git": "https://h/x.git", "ref": "abc"}},
             "develop": {"pytest": {"version": "==8"}}}
            """
        let second = try #require(PipfileLock.read(try ConfigJSON.parse(pipenv, file: "Pipfile.lock"), choice))
        #expect(second.list == "-e /app/core\nflask==3.0 --hash=\(Self.hash)\nx @ git+https://h/x.git@abc\n")
        #expect(second.options.prefix(2) == ["--default-index", "https://mirror/simple"])
    }
}
