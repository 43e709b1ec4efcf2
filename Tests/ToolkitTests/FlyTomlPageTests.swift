import Foundation
import Model
import Testing
import Toolkit

@Suite("The manual page of fly.toml")
struct FlyTomlPageTests {
    @Test("each example is a configuration without an error, an unknown key or a warning")
    func examples() throws {
        let blocks = try Self.blocks()
        #expect(blocks.count >= 2)
        for block in blocks {
            let root = try block.format.parse(Array(block.text.utf8), file: "example")
            let found = AppConfig.diagnose(root, file: "example", regions: [Regions.local], strict: true)
            #expect(found.config != nil && found.errors.isEmpty && found.warnings.isEmpty, "\(found) \(block.text)")
        }
    }

    @Test("each example of the edge's page is a configuration without an error or a warning")
    func edge() throws {
        let blocks = try Self.blocks("edge.md").filter { !$0.text.hasPrefix("[edge]") }
        #expect(blocks.count >= 2)
        for block in blocks {
            let root = try block.format.parse(Array(block.text.utf8), file: "example")
            let found = AppConfig.diagnose(root, file: "example", regions: [Regions.local], strict: true)
            #expect(found.config != nil && found.errors.isEmpty && found.warnings.isEmpty, "\(found) \(block.text)")
        }
    }

    @Test("the sections that its example shows are all that a file without surprises has")
    func complete() throws {
        let block = try #require(try Self.blocks().first)
        let config = try AppConfig.read(TOML.parse(block.text, file: "f"), file: "f", regions: []).config
        #expect(config.groups == ["app", "worker"])
        #expect(config.machineConfig(group: "worker", image: "i", region: "ams").mounts.isEmpty)
        #expect(config.machineConfig(group: "worker", image: "i", region: "ams").guest.memoryMiB == 512)
        #expect(config.machineConfig(group: "app", image: "i", region: "ams").restart.maxRetries == 5)
    }

    @Test("the keys that it says do nothing are those that a warning says it of")
    func inert() throws {
        let page = try Self.page()
        let section = page.components(separatedBy: "\n## ").first { $0.hasPrefix("Read and kept") } ?? ""
        let root = try TOML.parse(TOMLAppConfigTests.complete, file: "f")
        let warnings = AppConfig.diagnose(root, file: "f", regions: []).warnings
        let said = warnings.filter { $0.message.hasSuffix("has no effect on this host yet") }
        #expect(said.count > 15)
        for warning in said {
            let path = warning.message.split(separator: " ").first.map(String.init) ?? ""
            let key = path.split(separator: ":")[0].split(separator: ".").last.map(String.init) ?? ""
            let name = key.split(separator: "[")[0]
            let plain = name.hasPrefix("auto_extend_size_") ? "auto_extend_size_*" : String(name)
            // A handler or a transport is named by its word.
            let isNamed = section.contains("`\(plain)`") || section.contains("[[\(plain)]]")
            #expect(isNamed || warning.message.contains("the handler") || section.contains(plain), "\(warning)")
        }
    }

    // MARK: - Private

    private static func page(_ name: String = "fly-toml.md") throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "docs/\(name)"), encoding: .utf8)
    }

    private static func blocks(_ name: String = "fly-toml.md") throws -> [(format: ConfigFormat, text: String)] {
        try page(name).components(separatedBy: "\n```").compactMap { part in
            for format in ConfigFormat.allCases where part.hasPrefix("\(format.rawValue)\n") {
                return (format, String(part.dropFirst(format.rawValue.count + 1)))
            }
            return nil
        }
    }
}
