import ArgumentParser
import Foundation
import Model
import Scaffold
import Toolkit

/// Writes generated files into a project, and never over what is there.
struct WrittenFiles {
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
            switch try existing(file.path) {
            case .none:
                try put(file, at: path)
                print("Wrote \(file.path)")
            case .special:
                complete = false
                Output.warn("\(file.path) is a link or no file: left as it is, and not looked into")
            case .text(file.text): print("\(file.path) is up to date")
            case .text(let old):
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
        guard try existing(name) == old.map(Existing.text) ?? .none else {
            throw Fault(.invalidState, "\(name) has changed meanwhile, so it was left as it is", hint: "run it again")
        }
        let status = try? FileManager.default.attributesOfItem(atPath: path)
        let mode = (status?[.posixPermissions] as? NSNumber)?.uint32Value ?? 0o644
        try Durable.write(Data(text.utf8), to: path, mode: mode)
    }

    // MARK: - Private

    /// What is at a path already.
    private enum Existing: Equatable {
        case none
        case text(String)
        /// A link, a folder, a pipe: reading it could show a file of somebody else's, or wait for ever.
        case special
    }

    /// Looks at a path of the project without following a link, neither in its last part nor on the way to it.
    private func existing(_ name: String) throws -> Existing {
        var path = folder
        let parts = name.split(separator: "/")
        for (index, part) in parts.enumerated() {
            path += "/\(part)"
            guard let status = try? FileManager.default.attributesOfItem(atPath: path) else { return .none }
            let type = status[.type] as? FileAttributeType
            guard index < parts.count - 1 else {
                guard type == .typeRegular, let data = FileManager.default.contents(atPath: path) else {
                    return .special
                }
                return .text(String(decoding: data, as: UTF8.self))
            }
            guard type == .typeDirectory else {
                throw Fault(
                    .invalidState,
                    "\(name) was not written: \(parts[...index].joined(separator: "/")) is a link or no folder",
                    hint: "take the link away, or write to another folder"
                )
            }
        }
        return .none
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
