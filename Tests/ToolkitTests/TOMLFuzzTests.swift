import Model
import Testing
import Toolkit

@Suite("fly.toml from somebody who means no good")
struct TOMLFuzzTests {
    @Test(
        "never crashes, and names a place inside the file for each error",
        arguments: [1, 2, .random(in: 3 ... .max)]
    )
    func mutations(seed: UInt64) {
        print("fly.toml mutations: seed \(seed)")
        var random = SplitMix64(state: seed)
        for round in 0..<1500 {
            var bytes = Array((Self.corpus.randomElement(using: &random) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) { Self.mutate(&bytes, &random) }
            let lines = bytes.count { $0 == 0x0A } + 1
            for line in Self.errors(bytes) {
                let parts = line.split(separator: ":", maxSplits: 3)
                let number = parts.count > 2 ? Int(parts[1]) ?? 0 : 0
                #expect(
                    parts.first == "fly.toml" && (1...lines).contains(number),
                    "seed \(seed), round \(round): \(line)"
                )
            }
        }
    }

    @Test("reads its own bytes back as nothing but text", arguments: [UInt64.random(in: 0 ... .max)])
    func noise(seed: UInt64) {
        print("fly.toml noise: seed \(seed)")
        var random = SplitMix64(state: seed)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...40, using: &random)
            _ = Self.errors((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
    }

    // MARK: - Private

    /// The lines of the fault; none when the file is fine.
    private static func errors(_ bytes: [UInt8]) -> [String] {
        do throws(Fault) {
            let root = try TOML.parse(bytes, file: "fly.toml")
            let (config, _) = try AppConfig.read(root, file: "fly.toml", regions: [])
            for group in config.groups {
                _ = config.machineConfig(group: group, image: "roost/a@sha256:0", region: "local")
            }
            // Whatever is taken is written as a file that is taken, and means the same.
            let text = try TOMLWriter.text(of: config.tree(ConfigStyle(omitsDefaults: true, hasWireForm: false)))
            let again = AppConfig.diagnose(try TOML.parse(text, file: "f"), file: "f", regions: [], strict: true)
            #expect(again.config == config, "\(String(decoding: bytes, as: UTF8.self)): \(again.errors)")
            return []
        } catch {
            #expect(error.code == .invalidConfig)
            return error.message.split(separator: "\n").map(String.init)
        }
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        guard !bytes.isEmpty else { return }
        let start = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, start + Int.random(in: 1...12, using: &random))
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[start] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(start..<end)
        case 2: bytes.insert(contentsOf: bytes[start..<end], at: start)
        case 3: bytes.swapAt(start, end - 1)
        default: bytes.insert(contentsOf: (tokens.randomElement(using: &random) ?? "").utf8, at: start)
        }
    }

    private static let tokens = [
        "[", "]", "[[", "]]", "{", "}", "\"", "'", "\"\"\"", "'''", "\\", "=", ".", ",", "#", "\n", "\r\n", "\0", "-",
        "1",
        "99999999999999999999", "1e999", "-1", "nan", "inf", "true", "1979-05-27", "é", "\u{301}", "\"999999999999h\"",
        "-9223372036854775808", "[http_service]\n", "[[vm]]\n", "processes = [\"\"]\n", "\"-999999999999h\"",
    ]

    private static let corpus = [
        TOMLAppConfigTests.worked, TOMLAppConfigTests.oldForms, TOMLAppConfigTests.everything,
        TOMLAppConfigTests.complete,
    ]
}

/// A small random number generator whose run can be repeated from its seed.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
