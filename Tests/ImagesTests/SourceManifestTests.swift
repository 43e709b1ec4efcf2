import Model
import Testing

@Suite("A hostile manifest")
struct SourceManifestTests {
    static let hash = String(repeating: "0a", count: 32)

    static func file(
        _ path: String,
        mode: UInt16 = 0o644,
        size: Int64 = 1,
        sha256: String = hash
    ) -> SourceManifest.Entry {
        .init(path: path, mode: mode, size: size, sha256: sha256)
    }

    static func link(_ path: String, _ target: String?) -> SourceManifest.Entry {
        .init(path: path, kind: .symlink, mode: 0o777, size: 0, sha256: "", target: target)
    }

    static let refused: [(String, [SourceManifest.Entry])] = [
        ("absolute", [file("/etc/passwd")]),
        ("out of the folder", [file("../x")]),
        ("out of the folder, later", [file("a/../../x")]),
        ("a dot", [file("./x")]),
        ("an empty part", [file("a//b")]),
        ("a slash at the end", [file("a/")]),
        ("empty", [file("")]),
        ("NUL", [file("a\u{0}b")]),
        ("a part that is too long", [file(String(repeating: "x", count: 256))]),
        ("a path that is too long", [file(Array(repeating: "abcdefgh", count: 200).joined(separator: "/"))]),
        ("twice", [file("a"), file("b"), file("a")]),
        ("twice, in two spellings of one name", [file("\u{e9}"), file("e\u{301}")]),
        ("a file below a file", [file("a"), file("a/b")]),
        ("a file below a link", [link("a", "b"), file("a/b/c")]),
        ("a file below a link, named first", [file("a/b/c"), link("a/b", "x")]),
        ("set-user-ID", [file("a", mode: 0o4755)]),
        ("a negative size", [file("a", size: -1)]),
        ("a huge size", [file("a", size: .max)]),
        ("huge sizes together", [file("a", size: 8 << 30), file("b", size: 8 << 30)]),
        ("no hash", [file("a", sha256: "")]),
        ("a hash that is a path", [file("a", sha256: "../../../../etc/passwd")]),
        ("a hash in capitals", [file("a", sha256: hash.uppercased())]),
        ("a link to nothing", [link("a", nil)]),
        ("a link to an empty name", [link("a", "")]),
        ("a link with NUL", [link("a", "b\u{0}")]),
        ("a link with a size", [.init(path: "a", kind: .symlink, mode: 0o777, size: 1, sha256: "", target: "b")]),
        ("a file with a target", [.init(path: "a", mode: 0o644, size: 1, sha256: hash, target: "b")]),
        ("too many files", (0...SourceManifest.maximumFiles).map { file("f\($0)") }),
    ]

    @Test("is refused", arguments: refused.indices)
    func refuses(row: Int) {
        let (why, files) = Self.refused[row]
        #expect(throws: Fault.self, "\(why)") { try SourceManifest(files: files).check() }
    }

    @Test("a plain one is not")
    func takes() throws {
        try SourceManifest(files: []).check()
        let files = [Self.file("a/b/c"), Self.file("a/b.c"), Self.link("a/d", "b/../../x"), Self.file(" \n*\u{7f}")]
        let loop = [Self.link("l/m", "../l/n"), Self.link("l/n", "m"), Self.link("self", "self/x")]
        try SourceManifest(files: loop).check()
        try SourceManifest(files: files).check()
    }
}
