import Foundation
import Testing

@testable import Images

@Suite("An official image that is made here")
struct OfficialImageTests {
    @Test("an old Python has setuptools and its pkg_resources, which Debian 11 keeps apart", arguments: [9, 11, 13])
    func wheels(minor: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wheels-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["pip-20.whl", "setuptools-44.whl", "pkg_resources-0.whl"] {
            try Data().write(to: folder.appendingPathComponent(name))
        }
        let script = OfficialImageMaker.move("3.\(minor)")
        let start = try #require(script.range(of: "wheels=\n")?.lowerBound)
        let end = try #require(script.range(of: "esac\n")?.upperBound)
        let part = script[start..<end].replacing("/usr/share/python-wheels", with: folder.path)
        let shell = Process()
        let pipe = Pipe()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", part + "echo $wheels\n"]
        shell.standardOutput = pipe
        try shell.run()
        shell.waitUntilExit()
        let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let names = said.split(separator: " ").map { $0.split(separator: "/").last?.prefix { $0 != "-" } ?? "" }
        #expect(names == (minor < 12 ? ["pip", "setuptools", "pkg_resources"] : ["pip"]))
    }
}
