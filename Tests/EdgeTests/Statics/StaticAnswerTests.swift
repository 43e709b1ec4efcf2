import Model
import Testing

@testable import Edge

@Suite("Which file a request means")
struct StaticPathTests {
    private let shelves = [
        StaticShelf(prefix: "/static", folders: ["new/app/static", "old/app/static"]),
        StaticShelf(prefix: "", folders: ["new/public"]),
    ]

    private func found(_ target: String) -> [String] { StaticPath.candidates(Array(target.utf8), shelves) }

    @Test("the longest prefix comes first, and of it the newest release")
    func order() {
        #expect(
            found("/static/a/b.css?v=1") == [
                "new/app/static/a/b.css", "old/app/static/a/b.css", "new/public/static/a/b.css",
            ]
        )
        #expect(found("/robots.txt") == ["new/public/robots.txt"])
        #expect(found("/staticx/a") == ["new/public/staticx/a"])
        #expect(found("/static") == ["new/public/static"])
        #expect(StaticPath.candidates(Array("/other".utf8), [shelves[0]]).isEmpty)
    }

    @Test("names are decoded once")
    func decoding() {
        #expect(found("/static/a%20b%C3%A9.txt").first == "new/app/static/a b\u{e9}.txt")
        #expect(found("/static/%252e%252e").first == "new/app/static/%2e%2e")
        #expect(found("/static/...").first == "new/app/static/...")
    }

    @Test(
        "what has two readings, and folders, are the app's",
        arguments: [
            "/static/../secret", "/static/%2e%2e/secret", "/static/%2E./secret", "/static//a", "/static/a/", "/",
            "/static/a%2fb", "/static/a%00", "/static/%", "/static/%2", "/static/%zz", "/static/%ff%fe", "/./a", "*",
            "",
            "http://notes.localhost/static/a", "?/static/a",
        ]
    )
    func refused(_ target: String) { #expect(found(target).isEmpty) }

    @Test("no target leads out of the folders", arguments: [UInt64(1), 2, 3])
    func random(_ seed: UInt64) {
        var random = SplitMix(state: seed)
        let pieces = ["/", ".", "..", "%2e", "%2F", "%5c", "\\", "static", "a", "%00", "?", "//", "%c0%af", "~", ";"]
        for _ in 0..<20_000 {
            let target = "/static/" + (0..<6).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            for place in found(target) {
                let parts = place.split(separator: "/", omittingEmptySubsequences: false)
                #expect(!parts.contains("..") && !parts.contains(".") && !parts.contains("") && !place.contains("\0"))
                #expect(["new", "old"].contains(parts.first))
            }
        }
    }

    @Test(
        "a digest in the name says that the file never changes",
        arguments: [
            ("app.55e7cbb9ba48.css", true), ("main-0a1b2c3d.js", true), ("chunk.1a2b3c4d5e6f.js.map", true),
            ("app.css", false), ("report-20240101.pdf", false), ("my-deadbeef.png", false), ("0a1b2c3d.js", false),
            ("app-settings.js", false), ("app.1a2b3c.js", false),
        ]
    )
    func versions(_ name: String, _ expected: Bool) { #expect(StaticPath.isVersioned(name[...]) == expected) }
}

@Suite("Answers with files")
struct StaticAnswerTests {
    private let file = StaticAnswer.File(name: "a.css", size: 1000, changed: 784_111_777, tag: "abc")

    private func answer(_ lines: String..., method: String = "GET") throws -> StaticAnswer {
        let text = "\(method) /a.css HTTP/1.1\r\nHost: a\r\n" + lines.map { "\($0)\r\n" }.joined() + "\r\n"
        return StaticAnswer(file, to: try RequestHead(Array(text.utf8), bounds: .init(target: 8192, fields: 100)))
    }

    @Test("the whole file, with what lets a client ask for less next time")
    func whole() throws {
        let whole = try answer()
        #expect(whole.status == 200 && whole.range == 0..<1000)
        for line in [
            "Content-Type: text/css; charset=utf-8", "Content-Length: 1000", "ETag: \"abc\"", "Accept-Ranges: bytes",
            "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT", "Cache-Control: no-cache",
        ] {
            #expect(whole.head.contains("\r\n\(line)\r\n"))
        }
    }

    @Test(
        "one range gets a part, several the whole, and one that is nowhere 416",
        arguments: [
            ("bytes=0-99", 206, 0..<100), ("bytes=0-", 206, 0..<1000), ("bytes=900-5000", 206, 900..<1000),
            ("bytes=-10", 206, 990..<1000), ("bytes=-5000", 206, 0..<1000), ("bytes=1000-", 416, 0..<0),
            ("bytes=-0", 416, 0..<0), ("bytes=0-1,5-6", 200, 0..<1000), ("bytes=9-3", 200, 0..<1000),
            ("bytes=a-b", 200, 0..<1000), ("items=0-1", 200, 0..<1000), ("bytes=-", 200, 0..<1000),
            ("bytes=99999999999999999999-", 200, 0..<1000), ("Bytes=5-5", 206, 5..<6),
        ]
    )
    func ranges(_ value: String, _ status: Int, _ range: Range<Int>) throws {
        let answer = try answer("Range: \(value)")
        #expect(answer.status == status && answer.range == range)
        let said = status == 206 ? "bytes \(range.lowerBound)-\(range.upperBound - 1)/1000" : "bytes */1000"
        #expect(answer.head.contains("Content-Range: \(said)\r\n") == (status != 200))
        #expect(answer.head.contains("Content-Length: \(range.count)\r\n"))
    }

    @Test(
        "what the client has is not sent again",
        arguments: [
            (["If-None-Match: \"abc\""], 304), (["If-None-Match: \"x\", W/\"abc\""], 304), (["If-None-Match: *"], 304),
            (["If-None-Match: \"x\""], 200), (["If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"], 304),
            (["If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT"], 200),
            (["If-None-Match: \"x\"", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"], 200),
            (["If-None-Match: \"abc\"", "Range: bytes=0-1"], 304), (["Range: bytes=0-1", "If-Range: \"abc\""], 206),
            (["Range: bytes=0-1", "If-Range: \"old\""], 200), (["Range: bytes=0-1", "If-Range: W/\"abc\""], 200),
        ]
    )
    func conditions(_ lines: [String], _ status: Int) throws {
        let text = "GET /a.css HTTP/1.1\r\nHost: a\r\n" + lines.map { "\($0)\r\n" }.joined() + "\r\n"
        let head = try RequestHead(Array(text.utf8), bounds: .init(target: 8192, fields: 100))
        let answer = StaticAnswer(file, to: head)
        #expect(answer.status == status)
        #expect(answer.head.contains("Content-Length") == (status != 304))
        #expect(answer.head.contains("ETag: \"abc\""))
    }

    @Test("a question about the head alone has no part")
    func heads() throws {
        #expect(try answer("Range: bytes=0-1", method: "HEAD").status == 200)
    }

    @Test("an empty file has no part")
    func empty() throws {
        let empty = StaticAnswer.File(name: "x", size: 0, changed: 0, tag: "t")
        for value in ["bytes=0-", "bytes=-5"] {
            let text = "GET /x HTTP/1.1\r\nHost: a\r\nRange: \(value)\r\n\r\n"
            let head = try RequestHead(Array(text.utf8), bounds: .init(target: 8192, fields: 100))
            #expect(StaticAnswer(empty, to: head).status == 416)
        }
    }
}
