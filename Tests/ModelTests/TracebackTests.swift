import Testing

@testable import Model

@Suite("Tracebacks in a program's output")
struct TracebackTests {
    private static let packages = "/opt/venv/lib/python3.10/site-packages"

    private static func lines(_ file: String, _ error: String) -> [String] {
        [
            "INFO: starting", "Traceback (most recent call last):", "  File \"/app/main.py\", line 3, in <module>",
            "    import x", "  File \"\(file)\", line 12, in <module>", "    raise Wrong(", "        'x'", error,
            "INFO: over",
        ]
    }

    @Test(
        "the last error is found with its file, and whether packages that don't fit are the cause",
        arguments: [
            ("\(packages)/kombu/transport/redis.py", "kombu.exceptions.VersionMismatch: redis is too old", true),
            ("\(packages)/uvicorn/loops.py", "AttributeError: module 'uvloop' has no attribute 'x'", true),
            ("/app/main.py", "ImportError: cannot import name 'a' from 'b' (\(packages)/b/__init__.py)", true),
            ("/app/main.py", "ImportError: cannot import name 'a' from 'app' (/app/app.py)", false),
            ("/app/main.py", "AttributeError: 'list' object has no attribute 'split'", false),
            ("\(packages)/asyncpg/connect.py", "ConnectionRefusedError: [Errno 111] Connect call failed", false),
            ("\(packages)/x/y.py", "FileNotFoundError", false),
        ]
    )
    func found(file: String, error: String, isOfPackages: Bool) throws {
        let trace = try #require(Traceback(in: Self.lines(file, error)))
        #expect(trace.error == error && trace.file == file && trace.isOfPackages == isOfPackages)
    }

    @Test("the last of several counts, and lines that only look like one do not")
    func several() {
        let two = Self.lines("/app/a.py", "KeyError: 'A'") + Self.lines("/app/b.py", "ValueError: b")
        #expect(Traceback(in: two)?.error == "ValueError: b")
        for lines in [[], ["ValueError: x"], ["  File \"/app/a.py\", line 3, in f"], ["Error: no"]] {
            #expect(Traceback(in: lines) == nil)
        }
    }
}
