import Foundation
import Model
import Testing
import Toolkit

/// What clients of the Machines API are sent of a Machine.
@Suite("Golden: the view of a Machine")
struct MachineViewGoldenTests {
    @Test("each Machine of the golden records is shown as it was")
    func machines() throws {
        let version = try #require(try GoldenFile.versions("machine").last)
        let views = try GoldenFile.samples("machine", version).map { sample in
            MachineView(try JSON.decode(Machine.self, from: try JSON.encode(sample), what: "machine")).value.text
        }
        #expect(!views.isEmpty)
        let file = GoldenFile.folder.appending(path: "machine-view/1.json")
        if GoldenFile.isWriting { try Data("[\n\(views.joined(separator: ",\n"))\n]\n".utf8).write(to: file) }
        let golden = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst().dropLast()
        try #require(golden.count == views.count)
        for (view, line) in zip(views, golden) {
            #expect(view == (line.hasSuffix(",") ? String(line.dropLast()) : String(line)))
        }
    }
}
