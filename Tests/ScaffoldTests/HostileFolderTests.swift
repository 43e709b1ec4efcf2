import Foundation
import Testing

@testable import Scaffold

@Suite("Folders that mean harm", .serialized)
struct HostileFolderTests {
    @Test(
        "each ends in time, in bounded memory, without a crash, and says what is there",
        .enabled(if: RoostProgram.missing == nil, "the program is not built: swift build"),
        .timeLimit(.minutes(5)),
        arguments: HostileFolders.all
    )
    func bounded(folder: HostileFolder) throws {
        let place = try HostileFolder.Maker()
        try folder.make(place)
        let launch = try RoostProgram.run(["launch", place.path, "--plan", "--json"])
        #expect(launch.code == 0, "\(launch.error.prefix(400))")
        #expect(launch.kind == folder.kind && launch.entry == folder.entry, "\(launch.kind) \(launch.entry)")
        for words in folder.says {
            #expect(launch.warnings.contains { $0.contains(words) }, "\(words): \(launch.warnings)")
        }
        #expect(launch.peakMiB < Self.maximumMiB)
        let text = try RoostProgram.run(["launch", place.path, "--plan"])
        #expect(text.code == 0 && Self.isHarmless(text.output), "\(text.output.prefix(400))")
        let audit = try RoostProgram.run(["audit", place.path])
        #expect(
            folder.audit.contains(audit.code),
            "\(audit.code): \(audit.output.suffix(400))\(audit.error.suffix(400))"
        )
        #expect(Self.isHarmless(audit.output + audit.error) && audit.peakMiB < Self.maximumMiB)
    }

    @Test(
        "what is no folder is a fault with its name",
        .enabled(if: RoostProgram.missing == nil, "the program is not built: swift build")
    )
    func noFolder() throws {
        let place = try HostileFolder.Maker()
        try place.write("file", "x")
        for name in ["file", "absent", String(repeating: "d/", count: 3_000)] {
            for command in [["launch", "--plan"], ["audit"]] {
                let run = try RoostProgram.run(command + ["\(place.path)/\(name)"])
                #expect(run.code == 1 && run.error.hasPrefix("Error: read the folder"), "\(run.error.prefix(200))")
            }
        }
    }

    @Test("version control, installed packages and environments are not even looked into")
    func ignored() throws {
        let place = try HostileFolder.Maker()
        try place.plain()
        let folders = [
            ".git", "web/node_modules", ".venv", "venv", "deep/er/mine", "__pycache__", ".tox", "lib/site-packages",
        ]
        for folder in folders {
            try place.write("\(folder)/pkg/main.py", HostileFolder.app)
            try place.write("\(folder)/pyvenv.cfg", "home = /usr\n")
            // Whoever opened it would wait for ever.
            try place.pipe("\(folder)/setup.py")
        }
        #expect(try Project.read(place.path).files == ["main.py", "requirements.txt"])
    }

    /// A debug build on a busy host; Python may take three quarters of it.
    private static let maximumMiB = 1_000

    /// Nothing in it would move a terminal's cursor or hide what is written.
    private static func isHarmless(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { ($0.value >= 32 || $0 == "\n" || $0 == "\t") && $0.value != 127 }
    }
}
