import Foundation
import Testing

@Suite("Readers of bytes from outside")
struct FuzzTests {
    private static let corpora = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Corpus")

    /// A second beside all other tests; `make fuzz` and CI give each target a minute.
    private static let duration = Duration.seconds(
        ProcessInfo.processInfo.environment["ROOST_FUZZ_SECONDS"].flatMap(Int.init) ?? 1
    )
    private static let seed =
        ProcessInfo.processInfo.environment["ROOST_FUZZ_SEED"].flatMap { UInt64($0) } ?? .random(in: 1 ... .max)

    @Test("neither stop, nor take long, nor say what is not so", arguments: FuzzTarget.all)
    func holds(target: FuzzTarget) throws {
        let fuzzer = Fuzzer(target: target, corpus: Self.corpora.appendingPathComponent(target.name), seed: Self.seed)
        let outcome = try fuzzer.run(for: Self.duration)
        print("fuzz \(target.name): seed \(Self.seed), \(outcome.tried) inputs, \(outcome.shapes) shapes")
        if let fault = outcome.fault {
            Issue.record("\(target.name): \(fault.why); kept as \(try fuzzer.keep(fault.input))")
        }
    }

    @Test("a planted fault is found, and its input kept")
    func finds() throws {
        let corpus = URL(fileURLWithPath: NSTemporaryDirectory() + "roost-corpus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: corpus, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: corpus) }
        try Data("GET /".utf8).write(to: corpus.appendingPathComponent("seed"))
        let planted = FuzzTarget(name: "planted", words: ["X", "Y"]) { bytes, _ in
            let text = String(decoding: bytes, as: UTF8.self)
            if text.contains("XY") { throw FuzzTarget.Broken("XY") }
            return text.contains("X") ? "has X" : "has none"
        }
        let fuzzer = Fuzzer(target: planted, corpus: corpus, seed: 1)
        let fault = try #require(try fuzzer.run(for: .seconds(20)).fault)
        #expect(fault.why == "XY")
        let kept = try fuzzer.keep(fault.input)
        #expect(try Data(contentsOf: URL(fileURLWithPath: kept)) == Data(fault.input))
        // Which the next run begins with.
        #expect(try fuzzer.run(for: .zero).fault?.input == fault.input)
    }
}
