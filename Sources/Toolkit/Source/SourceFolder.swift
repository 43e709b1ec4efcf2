import Dispatch
import Foundation
package import Model
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A project folder on this machine, as a deploy sends it.
package enum SourceFolder {
    /// Lists and hashes what belongs to the project.
    ///
    /// Left out are the paths that the ignore file names and, whatever it says, `.git`, `.roost`, `__pycache__`,
    /// `*.pyc`, virtual environments (a folder with `pyvenv.cfg`), sockets, pipes and devices. Links are kept as links,
    /// and never followed.
    ///
    /// - Parameters:
    ///   - path: the project folder.
    ///   - ignoreFile: relative to the folder; `.dockerignore` when nil, which may be missing.
    ///   - always: paths that are sent even when the ignore file leaves them out, such as the Dockerfile.
    /// - Returns: sorted by path; the content of each file is at `path/<entry.path>`.
    /// - Throws: ``Fault`` `tooLarge` above ``SourceManifest/maximumFiles`` files, `invalidRequest` for a name that is
    ///   not UTF-8, `invalidConfig` for an ignore file that can't be read as one, `io` for what can't be read.
    package static func scan(
        _ path: String,
        ignoreFile: String? = nil,
        always: [String] = []
    ) throws(Fault) -> SourceManifest {
        try survey(path, ignoreFile: ignoreFile, always: always).manifest
    }

    /// What a scan found.
    package struct Survey: Sendable {
        package var manifest: SourceManifest
        /// Files of variables that stay where they are, sorted: nothing names them for the image.
        package var secrets: [String]
    }

    /// As `scan`, with what was left out because it holds secrets: `.env` and `.env.*`, unless the ignore file takes
    /// them back in by a line such as `!.env`.
    package static func survey(
        _ path: String,
        ignoreFile: String? = nil,
        always: [String] = []
    ) throws(Fault) -> Survey {
        let root = try physical(path)
        let rules = try readRules(in: root, named: ignoreFile)
        var walk = FolderWalk(root: root, rules: rules, always: Set(always + [ignoreFile ?? ".dockerignore"]))
        try walk.visit()
        let files = try hashed(walk.found, in: root).sorted { $0.path < $1.path }
        // Every folder with something in it is made with that.
        var filled: Set<Substring> = []
        for path in files.map(\.path) + walk.folders {
            var rest = path[...]
            while let slash = rest.lastIndex(of: "/") {
                rest = rest[..<slash]
                guard filled.insert(rest).inserted else { break }
            }
        }
        let empty = walk.folders.filter { !filled.contains($0[...]) }.sorted()
        return Survey(manifest: SourceManifest(files: files, folders: empty), secrets: walk.secrets.sorted())
    }

    // MARK: - Private

    private static func physical(_ path: String) throws(Fault) -> String {
        guard let resolved = realpath(path, nil) else { throw Durable.fault(errno, "open", path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func readRules(in root: String, named name: String?) throws(Fault) -> IgnoreRules {
        let file = name ?? ".dockerignore"
        guard let data = FileManager.default.contents(atPath: "\(root)/\(file)") else {
            if name == nil { return IgnoreRules() }
            throw Fault(.invalidConfig, "the ignore file \(file) is not there or can't be read")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw Fault(.invalidConfig, "\(file) is not UTF-8 text")
        }
        return try IgnoreRules(text, file: file)
    }

    /// Hashes on all cores: for a project of any size this is nearly all of the time.
    private static func hashed(
        _ entries: [SourceManifest.Entry],
        in root: String
    ) throws(Fault) -> [SourceManifest.Entry] {
        let results = Mutex<(entries: [SourceManifest.Entry], fault: Fault?)>((entries, nil))
        DispatchQueue.concurrentPerform(iterations: entries.count) { index in
            guard entries[index].kind == .file else { return }
            do throws(Fault) {
                let entry = try Self.hashed(entries[index], in: root)
                results.withLock { $0.entries[index] = entry }
            } catch {
                results.withLock { $0.fault = $0.fault ?? error }
            }
        }
        let (complete, fault) = results.withLock { $0 }
        if let fault { throw fault }
        return complete
    }

    private static func hashed(_ entry: SourceManifest.Entry, in root: String) throws(Fault) -> SourceManifest.Entry {
        var entry = entry
        // A file that grows while it is read, such as a log, is read again; one that never rests is an error.
        for _ in 0..<3 {
            entry.sha256 = try Digest.hex(file: "\(root)/\(entry.path)")
            var status = stat()
            guard stat("\(root)/\(entry.path)", &status) == 0 else { throw Durable.fault(errno, "read", entry.path) }
            if Int64(status.st_size) == entry.size { return entry }
            entry.size = Int64(status.st_size)
        }
        throw Fault(
            .io,
            "\(entry.path) changes while it is read",
            hint: "stop what writes to it, or name it in .dockerignore"
        )
    }
}
