import Foundation
import Model
import Toolkit

@testable import Images

extension FuzzTarget {
    /// A Dockerfile: each instruction and each problem has a place in the file, and no reader of it stops.
    static let dockerfile = FuzzTarget(
        name: "dockerfile",
        words: [
            "FROM ", "FROM a AS b\n", "RUN ", "COPY --from=b / /\n", "ARG A=1\n", "ENV A=$A B=${A:-x}\n",
            "CMD [\"a\"]\n",
            "ENTRYPOINT ", "--mount=type=cache,target=/x ", "<<EOF\n", "EOF\n", "<<-'E'", "\\\n", "`", "# escape=`\n",
            "# syntax=x\n", "\"", "'", "$", "${", "}", "\r\n", "\0", "ONBUILD ", "HEALTHCHECK NONE\n", "[", "]", ",",
            "é",
        ]
    ) { bytes, _ in
        let text = String(decoding: bytes, as: UTF8.self)
        let file = Dockerfile.parse(text, path: "Dockerfile")
        let lines = 1...(bytes.count { $0 == 10 || $0 == 13 } + 2)
        for problem in file.problems where !lines.contains(problem.line) {
            throw Broken("a problem in line \(problem.line)")
        }
        for stage in file.stages {
            for item in [stage.from] + stage.instructions where !lines.contains(item.line) || item.endLine < item.line {
                throw Broken("\(item.word) in lines \(item.line) to \(item.endLine)")
            }
            _ = file.image(of: stage)
            guard file.lineage(of: stage).count <= file.stages.count else { throw Broken("a stage is its own base") }
        }
        _ = file.imagesUsed(arguments: ["A": "b"], target: nil)
        let words = Set(file.stages.flatMap { $0.instructions.map(\.word) }).sorted().joined(separator: " ")
        return "\(file.stages.count) \(words) \(file.problems.count) \(file.directives.keys.sorted())"
    }

    /// `fly.toml`: each error has a place in the file, and what is taken is written as a file that means the same.
    static let toml = FuzzTarget(
        name: "toml",
        words: [
            "[", "]", "[[", "]]", "{", "}", "\"", "'", "\"\"\"", "'''", "\\", "\\u00e9", "=", ".", ",", "#", "\n",
            "\r\n",
            "\0", "-1", "99999999999999999999", "1e999", "nan", "true", "1979-05-27T07:32:00Z", "[http_service]\n",
            "[[vm]]\n",
            "[env]\n", "[[mounts]]\n", "processes = [\"\"]\n", "\"10s\"", "\"999999999999h\"", "[build.args]\n",
            "app = \"a\"\n",
        ]
    ) { bytes, _ in
        do throws(Fault) {
            let (config, _) = try AppConfig.read(try TOML.parse(bytes, file: "fly.toml"), file: "fly.toml", regions: [])
            let text = try TOMLWriter.text(of: config.tree(ConfigStyle(omitsDefaults: true, hasWireForm: false)))
            let again = AppConfig.diagnose(try TOML.parse(text, file: "f"), file: "f", regions: [], strict: true)
            guard again.config == config else {
                throw Fault(.corrupt, "written and read again it is another: \(again.errors)")
            }
            return "\(config.groups.count) \(config.services.count) \(config.mounts.count) \(text.count / 40)"
        } catch {
            guard error.code == .invalidConfig else { throw Broken("\(error.code): \(error.message)") }
            let lines = bytes.count { $0 == 10 } + 1
            for line in error.message.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 3)
                guard parts.first == "fly.toml", parts.count > 2, (1...lines).contains(Int(parts[1]) ?? 0) else {
                    throw Broken("an error without a place: \(line)")
                }
            }
            return String(error.message.split(separator: ":", maxSplits: 3).last ?? "").filter {
                $0.isLetter || $0 == " "
            }
        }
    }

    /// A layer's archive: nothing is written, or removed, outside of the folder that it is unpacked into.
    static let tar = FuzzTarget(
        name: "tar",
        words: [
            "../", "/", "a", ".wh.", ".wh..wh..opq", "\0", "0", "1", "2", "5", "7777777", "ustar", "20 path=../../x\n",
            "/etc",
        ]
    ) { bytes, random in
        let bytes = Bool.random(using: &random) ? withChecksums(bytes) : bytes
        let place = NSTemporaryDirectory() + "roost-fuzz-\(getpid())-\(random.next())"
        let files = FileManager.default
        try files.createDirectory(atPath: "\(place)/outside/inside", withIntermediateDirectories: true)
        defer { try? files.removeItem(atPath: place) }
        try Data("kept".utf8).write(to: URL(fileURLWithPath: "\(place)/outside/a"))
        try Data(bytes).write(to: URL(fileURLWithPath: "\(place)/tar"))
        var shape = "taken"
        do {
            let work = LayerWork(limit: 1 << 20)
            _ = try LayerUnpacker.unpack("\(place)/tar", into: "\(place)/outside/inside", work)
            shape += " \(try files.subpathsOfDirectory(atPath: "\(place)/outside/inside").count)"
        } catch let fault as Fault {
            shape = fault.message.filter { $0.isLetter || $0 == " " }.replacing("roost-fuzz", with: "")
        }
        guard try files.contentsOfDirectory(atPath: "\(place)/outside").sorted() == ["a", "inside"],
            try Data(contentsOf: URL(fileURLWithPath: "\(place)/outside/a")) == Data("kept".utf8)
        else { throw Broken("something outside of the folder changed") }
        return shape
    }

    /// What an upload says that it holds: what is taken leads nowhere else, and means the same when written again.
    static let manifest = FuzzTarget(
        name: "manifest",
        words: [
            "{", "}", "[", "]", "\"", ",", ":", "\"path\":\"../a\"", "\"/\"", "\"..\"", "\\u0000",
            "\"kind\":\"symlink\"", "\"target\":\"/etc\"", "null", "-1", "1e400", "\"mode\":", "\"size\":",
        ]
    ) { bytes, _ in
        do throws(Fault) {
            let manifest = try JSON.decode(SourceManifest.self, from: Data(bytes), what: "a manifest")
            try manifest.check()
            for path in manifest.files.map(\.path) + manifest.folders {
                let parts = path.split(separator: "/", omittingEmptySubsequences: false)
                guard !path.hasPrefix("/"), !parts.contains(".."), !parts.contains(""), !path.utf8.contains(0) else {
                    throw Fault(.corrupt, "a path that leads elsewhere is taken: \(path)")
                }
            }
            let again = try JSON.decode(SourceManifest.self, from: try JSON.encode(manifest), what: "a manifest")
            guard again == manifest else { throw Fault(.corrupt, "written and read again it is another") }
            return "taken \(manifest.files.count) \(manifest.folders.count)"
        } catch {
            guard
                error.code != .corrupt
                    || !error.message.contains("leads elsewhere") && !error.message.contains("another")
            else { throw Broken(error.message) }
            return "\(error.code) " + error.message.prefix(60).filter { $0.isLetter || $0 == " " }
        }
    }

    /// What the two daemons say to each other: what is understood means the same when written again.
    static let link = FuzzTarget(
        name: "link",
        words: [
            "{", "}", "[", "]", "\"", ",", ":", "\"routes\":", "\"hello\":", "\"applied\":", "\"load\":", "\"wake\":",
            "null", "-1", "1e400", "\"revision\":", "\"inFlight\":{}", "\\ud800", "\"pid\":",
        ]
    ) { bytes, _ in
        "\(try again(EdgeReport.self, bytes)) / \(try again(EdgeOrder.self, bytes))"
    }

    // MARK: - Private

    private static func again<Value: Codable & Equatable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> String {
        guard let value = try? JSON.decode(type, from: Data(bytes), what: "a line") else { return "refused" }
        let next = try JSON.decode(type, from: try JSON.encode(value), what: "a line")
        guard next == value else { throw Broken("written and read again it is another: \(value)") }
        return String("\(value)".prefix { $0 != "(" })
    }

    /// Headers whose sum is right, so that damage gets past the first check.
    private static func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for start in stride(from: 0, to: bytes.count - 511, by: 512) where bytes[start + 257] == UInt8(ascii: "u") {
            bytes.replaceSubrange(start + 148..<start + 156, with: repeatElement(32, count: 8))
            let sum = String(bytes[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
            let digits = String(repeating: "0", count: max(0, 6 - sum.count)) + sum
            bytes.replaceSubrange(start + 148..<start + 156, with: Array(digits.suffix(6).utf8) + [0, 32])
        }
        return bytes
    }
}
