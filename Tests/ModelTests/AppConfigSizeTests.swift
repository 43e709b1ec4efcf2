import Model
import Testing

@Suite("Sizes, regions and Machine sizes of fly.toml")
struct AppConfigSizeTests {
    @Test(
        "memory counts MiB, and suffixes in powers of 1024",
        arguments: [
            ("512", 512), ("1gb", 1024), ("1GiB", 1024), ("1 g", 1024), ("512MB", 512), ("1.5g", 1536),
            ("1048576k", 1024),
            ("512.5", 0), ("1048576b", 1), ("-5", -5), ("1tb", 1_048_576), ("", nil), ("mb", nil), ("1gbb", nil),
            ("1ig", nil),
            ("1  gb", nil), ("1,5gb", nil), ("1.2.3g", nil), ("-1gb", nil), ("١gb", nil),
            ("99999999999999999999gb", nil),
        ] as [(String, Int?)]
    )
    func memory(text: String, expected: Int?) {
        #expect(Size.memoryMiB(text) == expected)
    }

    @Test(
        "volumes count GB, and suffixes in powers of 1000 whatever they say",
        arguments: [
            ("1", 1), ("20GiB", 20), ("20gb", 20), ("1.9g", 1), ("500MB", 0), ("2tb", 2000), ("1500mb", 1), ("x", nil),
        ] as [(String, Int?)]
    )
    func volume(text: String, expected: Int?) {
        #expect(Size.volumeGB(text) == expected)
    }

    @Test(
        "knows Fly's presets",
        arguments: [
            ("shared-cpu-1x", MachineConfig.CPUKind.shared, 1, 256), ("shared-cpu-2x", .shared, 2, 512),
            ("shared-cpu-4x", .shared, 4, 1024), ("shared-cpu-6x", .shared, 6, 1536),
            ("shared-cpu-8x", .shared, 8, 2048),
            ("performance-1x", .performance, 1, 2048), ("performance-2x", .performance, 2, 4096),
            ("performance-4x", .performance, 4, 8192), ("performance-6x", .performance, 6, 12_288),
            ("performance-8x", .performance, 8, 16_384), ("performance-10x", .performance, 10, 20_480),
            ("performance-12x", .performance, 12, 24_576), ("performance-14x", .performance, 14, 28_672),
            ("performance-16x", .performance, 16, 32_768),
        ]
    )
    func preset(name: String, kind: MachineConfig.CPUKind, cpus: Int, memory: Int) throws {
        let guest = try #require(GuestSize.preset(name))
        #expect(guest == MachineConfig.Guest(cpuKind: kind, cpus: cpus, memoryMiB: memory))
        #expect(GuestSize.objection(to: guest) == nil)
    }

    @Test("lists regions with the closest first")
    func regions() {
        #expect(Regions.nearest(to: "fro", among: ["ams", "fra", "local"]) == ["fra", "ams", "local"])
        #expect(Regions.known.isSuperset(of: ["ams", "iad", "syd", "local"]))
    }

    @Test(
        "tells host names from what is none",
        arguments: [
            ("notes.example.com", true), ("a.b", true), ("xn--bcher-kva.example", true), ("1.example.com", true),
            ("localhost", false), ("", false), ("a..b", false), (".a.b", false), ("a.b.", false), ("-a.b", false),
            ("a-.b", false), ("a_b.c", false), ("*.b.c", false), ("10.0.0.1", false), ("ü.example", false),
            (String(repeating: "a", count: 64) + ".b", false),
            (Array(repeating: "aaaaaaa", count: 32).joined(separator: ".") + ".b", false),
        ]
    )
    func hostName(name: String, isValid: Bool) {
        #expect(HostName.isValid(name) == isValid)
    }
}
