import Foundation
import Model
import Testing
import Toolkit

@Suite("The configuration file of a folder")
struct ConfigFileTests {
    @Test(
        "its format is that of its suffix, and TOML else",
        arguments: [
            ("fly.toml", ConfigFormat.toml), ("a/fly.json", .json), ("fly.yaml", .yaml), ("fly.yml", .yaml),
            ("FLY.JSON", .json), ("fly", .toml), ("fly.json.bak", .toml), ("conf.d/yaml", .toml),
        ]
    )
    func format(path: String, format: ConfigFormat) {
        #expect(ConfigFormat(path: path) == format)
    }

    @Test("is the first of three names, or the one that was named, or one of the three in a named folder")
    func find() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "config-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/sub", withIntermediateDirectories: true)
        let none = #expect(throws: Fault.self) { try ConfigFile.find(nil, in: folder) }
        #expect(none?.message.hasSuffix("\(folder)/fly.toml and \(folder)/fly.json and \(folder)/fly.yaml") == true)
        try Data("app: y\n".utf8).write(to: URL(filePath: "\(folder)/fly.yaml"))
        #expect(try ConfigFile.read(nil, in: folder).root["app"]?.value == .string("y"))
        try Data(#"{"app": "j"}"#.utf8).write(to: URL(filePath: "\(folder)/fly.json"))
        #expect(try ConfigFile.read(nil, in: folder).root["app"]?.value == .string("j"))
        try Data("app = 't'".utf8).write(to: URL(filePath: "\(folder)/fly.toml"))
        let file = try ConfigFile.read(nil, in: folder)
        #expect(file.root["app"]?.value == .string("t"))
        #expect(file.name == "fly.toml")
        #expect(try ConfigFile.find("\(folder)/fly.yaml", in: ".") == "\(folder)/fly.yaml")
        #expect(try ConfigFile.find(folder, in: ".") == "\(folder)/fly.toml")
        let sub = "\(folder)/sub"
        let missing = #expect(throws: Fault.self) { try ConfigFile.find("\(sub)/a", in: ".") }
        #expect(missing?.message == "no configuration file: tried \(sub)/a and \(sub)/a/fly.toml")
        let empty = #expect(throws: Fault.self) { try ConfigFile.find(sub, in: ".") }
        let all = "\(sub)/fly.toml and \(sub)/fly.json and \(sub)/fly.yaml"
        #expect(empty?.message == "no configuration file: tried \(all)")
        #expect(empty?.hint?.contains("roost launch") == true)
        #expect(ConfigFile.ifAny(in: sub) == nil)
        try Data("{}".utf8).write(to: URL(filePath: "\(sub)/fly.json"))
        #expect(try ConfigFile.find(sub, in: ".") == "\(sub)/fly.json")
        #expect(ConfigFile.ifAny(in: sub) == "\(sub)/fly.json")
    }

    @Test("is refused unread when it is too large, and says why when it can't be read")
    func unfit() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "config-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/fly.toml"
        try Data(repeating: UInt8(ascii: "#"), count: 1 << 20).write(to: URL(filePath: path))
        #expect(try ConfigFile.read(path: path).root.saysTheSame(as: TOML.parse("", file: "f")))
        try Data(repeating: UInt8(ascii: "#"), count: (1 << 20) + 1).write(to: URL(filePath: path))
        let large = #expect(throws: Fault.self) { try ConfigFile.read(path: path) }
        #expect(large?.message == "\(path) is no configuration: it has more than 1 MiB")
        let endless = #expect(throws: Fault.self) { try ConfigFile.read(path: "/dev/zero") }
        #expect(endless?.code == .tooLarge)
        let gone = #expect(throws: Fault.self) { try ConfigFile.read(path: "\(folder)/gone.toml") }
        #expect(gone?.message == "\(folder)/gone.toml can't be read: No such file or directory")
    }
}
