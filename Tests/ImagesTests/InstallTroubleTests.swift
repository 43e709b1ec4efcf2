import Testing

@testable import Images

/// The lines are uv's own.
@Suite("Why dependencies can't be installed")
struct InstallTroubleTests {
    private static func advice(_ lines: String, beside hint: String? = nil) -> String? {
        var trouble = InstallTrouble()
        for line in lines.split(separator: "\n") { trouble.hear(String(line)) }
        return trouble.advice(beside: hint)
    }

    @Test("requirements that contradict each other are named, in uv's newer and older frames")
    func contradiction() {
        let newer = """
            error: No solution found when resolving dependencies
              cause: Because pydantic-sqlalchemy==0.0.9 depends on sqlalchemy>=1.3.16,<2.0.0 and you require \
            sqlalchemy==2.0.30, we can conclude that your requirements and pydantic-sqlalchemy==0.0.9 are incompatible.
                     And because you require pydantic-sqlalchemy==0.0.9, we can conclude that your requirements are \
            unsatisfiable.
            """
        let expected =
            "the requirements contradict each other: pydantic-sqlalchemy==0.0.9 depends on sqlalchemy>=1.3.16,<2.0.0 and you "
            + "require sqlalchemy==2.0.30"
        #expect(Self.advice(newer, beside: "other") == expected)
        let older = newer.replacing("  cause: ", with: "  ╰─▶ ").replacing("error: ", with: "  × ")
        #expect(Self.advice(older) == expected)
    }

    @Test("what is not there is told from what does not exist in that version")
    func absent() {
        let name = """
              cause: Because no-such-package was not found in the package registry and you require no-such-package, we can \
            conclude that your requirements are unsatisfiable.
            """
        #expect(
            Self.advice(name)
                == "no package index has 'no-such-package': is its name right, and is the index named that has it?"
        )
        let version = """
              cause: Because there is no version of fastapi==99.0 and you require fastapi==99.0, we can conclude that your \
            requirements are unsatisfiable.
            """
        #expect(Self.advice(version) == "there is no fastapi==99.0: choose a version that exists")
    }

    @Test("a package that wants a newer Python says which, and where a Python is chosen")
    func python() throws {
        let lines = """
            error: No solution found when resolving dependencies
              cause: Because the current Python version (3.11.2) does not satisfy Python>=3.12 and scipy==1.18.0 depends on \
            Python>=3.12, we can conclude that scipy==1.18.0 cannot be used.
            """
        let advice = try #require(Self.advice(lines))
        #expect(
            advice.contains("(3.11.2) does not satisfy Python>=3.12 and scipy==1.18.0")
                && advice.contains(".python-version")
        )
    }

    @Test(
        "a package that could not be built is named, though its name stands far above; a missing compiler is likelier"
    )
    func unbuilt() throws {
        var lines = "error: Failed to build `numpy==1.19.0`\n  cause: The build backend returned an error\n"
        for number in 0..<100 { lines += "         File \"setup.py\", line \(number), in <module>\n" }
        let advice = try #require(Self.advice(lines))
        #expect(advice.hasPrefix("`numpy==1.19.0` has no wheel for this Python"))
        #expect(Self.advice(lines, beside: "the base image has no compiler") == "the base image has no compiler")
    }

    @Test("a hash that differs, an index that wants a login, a repository that nobody may read")
    func others() throws {
        let hash = "error: Failed to download `fastapi==0.100.0`\n  cause: Hash mismatch for `fastapi==0.100.0`\n"
        #expect(Self.advice(hash) == "`fastapi==0.100.0` is not the file whose hash the lock has: make the lock anew")
        let login = "  cause: HTTP status client error (401 Unauthorized) for url (https://pypi.example.com/simple/x/)"
        let advice = try #require(Self.advice(login, beside: "can this host reach the package index?"))
        #expect(advice.contains("--build-secret UV_INDEX_URL"))
        let git =
            "error: Git operation failed\n  cause: failed to clone into: /root/.cache/uv/git-v2/db/642e427b6e5deead\n"
        #expect(Self.advice(git)?.contains("git dependency") == true)
    }

    @Test("nothing is made up where nothing is known")
    func silent() {
        #expect(Self.advice("Resolved 6 packages in 2.09s\nInstalled 6 packages in 32ms") == nil)
        #expect(Self.advice("Killed", beside: "it was killed") == "it was killed")
        #expect(Self.advice("Because of this, nothing") == nil)
    }
}
