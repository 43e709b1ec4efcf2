import Foundation
import Testing

@Suite("Package.swift and imports")
struct PackageManifestTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("each target depends on what its files import, and on nothing else")
    func agree() throws {
        let text = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
        let targets = ManifestTarget.all(in: text)
        #expect(targets.count > 20)
        for target in targets {
            let imported = try Self.sources(of: target).reduce(into: Set<String>()) { names, source in
                names.formUnion(ImportLines.modules(of: source))
            }
            #expect(!imported.isEmpty, "\(target.path) imports nothing at all")
            #expect(
                target.differences(from: imported) == [],
                "make the dependencies of \(target.name) what its files import"
            )
        }
    }

    @Test("a product that nobody imports is told, and a module that nobody declares")
    func differ() throws {
        let text = """
            let log = Target.Dependency.product(name: "Logging", package: "swift-log")
            let nio: [Target.Dependency] = [
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ]
            let package = Package(targets: [
                .target(name: "CThing"),
                .target(name: "Model", swiftSettings: settings),
                .target(
                    name: "Fake", // of tests
                    dependencies: [
                        "Model", log,
                        .product(name: "X509", package: "swift-certificates"),
                    ] + nio,
                    path: "Tests/Fake"
                ),
            ])
            """
        let targets = ManifestTarget.all(in: text)
        #expect(targets.map(\.name) == ["Model", "Fake"])
        let fake = try #require(targets.last)
        #expect(fake.path == "Tests/Fake")
        #expect(fake.declared == ["Model", "Logging", "NIOCore", "NIOPosix", "X509"])
        #expect(
            fake.differences(from: ["Model", "Logging", "NIOCore", "Crypto", "Foundation"]) == [
                "Fake: Crypto is imported, not declared", "Fake: NIOPosix is declared, not imported",
                "Fake: X509 is declared, not imported",
            ]
        )
    }

    @Test("imports stand at the head of a file, with whatever attributes; code of other languages in it is none")
    func heads() {
        let source = """
            // A word about it.
            package import Model
            @testable import Toolkit
            @preconcurrency internal import struct Foundation.Data
            #if canImport(Glibc)
            import Glibc
            #endif

            /// A script.
            enum Script {
                static let text = \"""
            import os
            \"""
            }
            """
        #expect(ImportLines.modules(of: source) == ["Model", "Toolkit", "Foundation", "Glibc"])
    }

    // MARK: - Private

    private static func sources(of target: ManifestTarget) throws -> [String] {
        let folder = root.appending(path: target.path)
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap {
            $0 as? URL
        }
        return try (files ?? []).filter { $0.pathExtension == "swift" }.map {
            try String(contentsOf: $0, encoding: .utf8)
        }
    }
}

/// A target of `Package.swift` that has Swift in it.
struct ManifestTarget {
    var name: String
    var path: String
    var declared: Set<String>

    /// Modules that come with the toolchain.
    private static let system: Set<String> = [
        "Darwin", "Dispatch", "Foundation", "FoundationNetworking", "Glibc", "Synchronization", "Testing",
    ]

    static func all(in manifest: String) -> [ManifestTarget] {
        let text = manifest.replacing(/\ *\/\/[^\n]*/, with: "")
        let start = text.range(of: "let package")?.lowerBound ?? text.startIndex
        let names = constants(in: String(text[..<start]))
        return text[start...].matches(of: /\.(target|executableTarget|testTarget)\(/).compactMap { match in
            let body = String(text[match.range.upperBound...].prefix(length(of: text[match.range.upperBound...])))
            return target(body, isTest: match.output.1 == "testTarget", names)
        }
    }

    /// What only one side has, in the order of the names.
    func differences(from imported: Set<String>) -> [String] {
        let wanted = imported.subtracting(Self.system).subtracting([name])
        return wanted.subtracting(declared).sorted().map { "\(name): \($0) is imported, not declared" }
            + declared.subtracting(wanted).sorted().map { "\(name): \($0) is declared, not imported" }
    }

    // MARK: - Private

    private static func target(_ body: String, isTest: Bool, _ names: [String: Set<String>]) -> ManifestTarget? {
        guard let name = body.firstMatch(of: /name: "(\w+)"/).map({ String($0.output.1) }) else { return nil }
        let isSwift = body.contains("swiftSettings") || body.contains("dependencies")
        guard isSwift else { return nil }
        let path = body.firstMatch(of: /path: "([^"]+)"/).map { String($0.output.1) }
        var declared: Set<String> = []
        if let list = body.firstMatch(
            of: /dependencies:(.*?)(?:,\s*(?:path|resources|swiftSettings):|$)/.dotMatchesNewlines()
        ) {
            var rest = String(list.output.1)
            for product in rest.matches(of: product) { declared.insert(String(product.output.1)) }
            rest = rest.replacing(product, with: "")
            for word in rest.matches(of: /"(\w+)"/) { declared.insert(String(word.output.1)) }
            for word in rest.replacing(/"\w+"/, with: "").matches(of: /\w+/) {
                declared.formUnion(names[String(word.output)] ?? ["\(word.output)?"])
            }
        }
        return ManifestTarget(name: name, path: path ?? "\(isTest ? "Tests" : "Sources")/\(name)", declared: declared)
    }

    private static var product: Regex<(Substring, Substring)> { /\.product\(\s*name: "(\w+)"[^)]*\)/ }

    /// Names that stand for one product or several.
    private static func constants(in text: String) -> [String: Set<String>] {
        let starts = text.matches(of: /let (\w+)/)
        var found: [String: Set<String>] = [:]
        for (index, start) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1].range.lowerBound : text.endIndex
            let products = text[start.range.upperBound..<end].matches(of: product).map { String($0.output.1) }
            found[String(start.output.1)] = Set(products)
        }
        return found
    }

    /// As far as the bracket that closes what is open at the start.
    private static func length(of text: Substring) -> Int {
        var depth = 1
        for (index, character) in text.enumerated() {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if depth == 0 { return index }
        }
        return text.count
    }
}

/// The import lines of a Swift file.
enum ImportLines {
    static func modules(of source: String) -> Set<String> {
        var found: Set<String> = []
        for line in source.split(separator: "\n") {
            let text = line.trimmingCharacters(in: .whitespaces)
            if let name = text.firstMatch(
                of: /^(?:@?\w+ )*import (?:(?:struct|class|enum|protocol|func|typealias) )?(\w+)/
            ) {
                found.insert(String(name.output.1))
            } else if !text.isEmpty, !text.hasPrefix("//"), !text.hasPrefix("#") {
                break
            }
        }
        return found
    }
}
