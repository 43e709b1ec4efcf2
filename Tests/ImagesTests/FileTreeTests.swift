import Foundation
import Glibc
import Testing
import Toolkit

@testable import Images

@Suite("Removing folders", .enabled(if: Requirements.root))
struct FileTreeTests {
    @Test("removes names of any bytes, folders without rights and paths longer than the kernel takes")
    func anything() throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "doomed/a/b")
        chmod("\(folder.path)/doomed/a", 0)
        close(open(Array("\(folder.path)/doomed/".utf8).map { CChar(bitPattern: $0) } + [-1, -2, 0], O_CREAT, 0o600))
        var deepest = open("\(folder.path)/doomed", O_RDONLY)
        for _ in 0..<600 {
            mkdirat(deepest, "deep-deep-deep", 0o700)
            let next = openat(deepest, "deep-deep-deep", O_RDONLY)
            close(deepest)
            deepest = next
        }
        close(deepest)
        try FileTree.remove("\(folder.path)/doomed")
        #expect(!FileTree.exists("\(folder.path)/doomed"))
        try FileTree.remove("\(folder.path)/doomed")
    }

    @Test("follows no link")
    func links() throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "kept/file")
        try folder.write("x", to: "doomed/file")
        symlink("\(folder.path)/kept", "\(folder.path)/doomed/link")
        symlink("\(folder.path)/kept", "\(folder.path)/link")
        try FileTree.remove("\(folder.path)/doomed")
        try FileTree.remove("\(folder.path)/link")
        #expect(FileTree.exists("\(folder.path)/kept/file"))
    }

    @Test("detaches what is mounted, rather than empty it")
    func mounts() async throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "kept/file")
        try folder.write("x", to: "doomed/with blank/file")
        let place = "\(folder.path)/doomed/with blank"
        try await Command("mount", ["--bind", "\(folder.path)/kept", place]).checked()
        try await Command("mount", ["-t", "tmpfs", "tmpfs", "\(place)"]).checked()
        try FileTree.remove("\(folder.path)/doomed")
        #expect(!FileTree.exists("\(folder.path)/doomed"))
        #expect(FileTree.exists("\(folder.path)/kept/file"))
        #expect(!Mounts.below(folder.path))
    }
}
