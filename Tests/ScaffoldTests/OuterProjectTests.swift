import Foundation
import Model
import Testing

@testable import Scaffold

@Suite("What lies above the folder that is launched")
struct OuterProjectTests {
    private static let app = EntryCase.app

    /// Writes files below a temporary folder and looks at one of its folders.
    private func outer(_ files: [String: String], _ folder: String) async throws -> OuterProject? {
        let top = FileManager.default.temporaryDirectory.appending(path: "roost-outer-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: top) }
        for (path, text) in files {
            let file = top.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: file)
        }
        let place = top.appending(path: folder).path(percentEncoded: false)
        let scan = try await Scan.run(folder: place)
        guard var found = OuterProject.find(above: place, scan) else { return nil }
        let base = top.resolvingSymlinksInPath().path(percentEncoded: false)
        found.top = found.top.replacing(base, with: "TOP")
        found.reason = found.reason.replacing(base, with: "TOP")
        return found
    }

    private static func member(_ more: String) -> String {
        "[project]\nname = \"shop\"\nrequires-python = \">=3.11\"\ndependencies = [\"fastapi\", \"uvicorn\", \"core\"]\n"
            + more
    }
    private static let source = "[tool.uv.sources]\ncore = { workspace = true }\n"
    private static let workspace = "[tool.uv.workspace]\nmembers = [\"apps/*\", \"libs/*\"]\n"
    private static let core = "[project]\nname = \"core\"\nversion = \"1\"\n"

    @Test("a member of a uv workspace names the command for its root")
    func workspace() async throws {
        let files = [
            "pyproject.toml": Self.workspace, "uv.lock": "version = 1\n", "libs/core/pyproject.toml": Self.core,
            "apps/shop/pyproject.toml": Self.member(Self.source), "apps/shop/main.py": Self.app,
        ]
        let found = try #require(try await outer(files, "apps/shop"))
        #expect(found.isNeeded)
        #expect(found.fault().hint == "launch it from there: cd TOP && roost launch --root apps/shop")
        #expect(found.reason == "core: of the uv workspace of TOP/pyproject.toml, which lies above this folder")
        // The whole of it misses nothing.
        #expect(try await outer(files, "") == nil)
    }

    @Test("sources of the workspace's root count for its members too, and a lock above is missed")
    func inherited() async throws {
        var files = [
            "pyproject.toml": Self.workspace + Self.source, "libs/core/pyproject.toml": Self.core,
            "apps/shop/pyproject.toml": Self.member(""), "apps/shop/main.py": Self.app,
        ]
        #expect(try await outer(files, "apps/shop")?.isNeeded == true)
        files["pyproject.toml"] = Self.workspace
        let found = try await outer(files, "apps/shop")
        #expect(found?.isNeeded == false && found?.member == "apps/shop")
        files["apps/shop/requirements.txt"] = "fastapi\nuvicorn\n"
        files["apps/shop/pyproject.toml"] = nil
        #expect(try await outer(files, "apps/shop") == nil)
    }

    @Test("a folder that the workspace leaves out, or that no workspace has, stands alone")
    func alone() async throws {
        var files = [
            "pyproject.toml": "[tool.uv.workspace]\nmembers = [\"apps/*\"]\nexclude = [\"apps/shop\"]\n",
            "apps/shop/pyproject.toml": Self.member(""), "apps/shop/main.py": Self.app,
        ]
        #expect(try await outer(files, "apps/shop") == nil)
        files["apps/shop/pyproject.toml"] = Self.member(Self.source)
        let found = try #require(try await outer(files, "apps/shop"))
        #expect(found.reason == "pyproject.toml:6 takes core from a uv workspace, and no pyproject.toml above has it")
        #expect(found.fault().hint?.contains("roost launch --root") == true)
    }

    @Test(
        "a path that leads out of the folder is missed, by whatever names it",
        arguments: [
            ("pyproject.toml", "[tool.uv.sources]\ncore = { path = \"../core\" }\n"),
            ("pyproject.toml", "[tool.poetry.dependencies]\ncore = { path = \"../core\", develop = true }\n"),
            ("requirements.txt", "fastapi\n-e ../core\n"), ("requirements.txt", "fastapi\n-r ../core/base.txt\n"),
            ("requirements.txt", "fastapi\ncore @ file:../core\n"),
        ]
    )
    func paths(name: String, text: String) async throws {
        let isManifest = name == "pyproject.toml"
        var files = [
            "core/pyproject.toml": Self.core, "core/base.txt": "httpx\n", "shop/main.py": Self.app,
            "shop/\(name)": isManifest ? Self.member(text) : text,
        ]
        let found = try await outer(files, "shop")
        #expect(found?.fault().hint == "launch it from there: cd TOP && roost launch --root shop")
        #expect(found?.reason.hasPrefix("\(name):") == true)
        files["shop/\(name)"] = files["shop/\(name)"]?.replacing("../core", with: "./core")
        files["shop/core/pyproject.toml"] = Self.core
        files["shop/core/base.txt"] = "httpx\n"
        #expect(try await outer(files, "shop") == nil)
    }
}
