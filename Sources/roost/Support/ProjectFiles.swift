import ArgumentParser
import Foundation
import Model
import Scaffold
import Toolkit

/// Writes generated files into a project, and never over what is there.
struct ProjectFiles {
    let folder: String

    /// Writes files that are not there yet; of those that are and differ, shows the difference.
    ///
    /// - Parameters:
    ///   - files: paths relative to the folder.
    ///   - force: replace them, keeping the old ones as `.orig`.
    /// - Returns: false when a file was left as it is although it differs.
    /// - Throws: ``Fault`` of the disk.
    func write(_ files: [Artefact], force: Bool) throws -> Bool {
        var complete = true
        for file in files {
            let path = "\(folder)/\(file.path)"
            switch existing(file) {
            case nil:
                try put(file, at: path)
                print("Wrote \(file.path)")
            case file.text?: print("\(file.path) is up to date")
            case let old?:
                guard force else {
                    complete = false
                    print(UnifiedDiff.make(old: old, new: file.text, path: file.path))
                    Output.warn("\(file.path) is there and differs: left as it is (--force replaces it)")
                    continue
                }
                try put(Artefact("\(file.path).orig", old, isExecutable: file.isExecutable), at: path + ".orig")
                try put(file, at: path)
                print("Replaced \(file.path), the old one is \(file.path).orig")
            }
        }
        return complete
    }

    /// Changes a file that is there, unless it is no longer what the change was made for.
    func replace(_ name: String, with text: String, expecting old: String?) throws {
        let path = "\(folder)/\(name)"
        let now = FileManager.default.contents(atPath: path)
        guard now.map({ String(decoding: $0, as: UTF8.self) }) == old else {
            throw Fault(.invalidState, "\(name) has changed meanwhile, so it was left as it is", hint: "run it again")
        }
        let status = try? FileManager.default.attributesOfItem(atPath: path)
        let mode = (status?[.posixPermissions] as? NSNumber)?.uint32Value ?? 0o644
        try Durable.write(Data(text.utf8), to: path, mode: mode)
    }

    // MARK: - Private

    /// The text that is there; a link counts as its target's text, so that it is never written through.
    private func existing(_ file: Artefact) -> String? {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(file.path)") else {
            let isThere = (try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(file.path)")) != nil
            return isThere ? "" : nil
        }
        return String(decoding: data, as: UTF8.self)
    }

    private func put(_ file: Artefact, at path: String) throws {
        let parent = (path as NSString).deletingLastPathComponent
        do {
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        } catch {
            throw Fault(.io, "\(parent) can't be made: \(error.localizedDescription)")
        }
        try Durable.write(Data(file.text.utf8), to: path, mode: file.isExecutable ? 0o755 : 0o644)
    }
}

/// The line that says what a generated file was made from.
enum FactsStamp {
    static let version = Roost.configuration.version

    /// The hash of the facts, as the stamp carries it.
    static func hash(_ facts: Facts) throws -> String { Digest.hex(try JSON.encode(facts)) }

    static func text(_ facts: Facts) throws -> String { Stamp.text(version: version, facts: try hash(facts)) }
}
