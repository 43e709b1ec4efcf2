import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A project's folder as the scanner sees it: names and texts, read at most once, and nothing run.
package final class Project: Sendable {
    /// The folder's own name, the last part of its path.
    package let name: String
    /// Relative paths of all files that may matter, sorted; folders such as `.git` and `node_modules` are left out.
    package let files: [String]
    /// What was left out, and why: links that lead away, files beyond the limit.
    package let warnings: [String]

    private let known: Set<String>
    private let source: Source
    private let cache = Mutex<[String: String?]>([:])
    private let large = Mutex<Set<String>>([])

    private enum Source {
        case folder(String)
        case memory([String: String])
    }

    /// A project in memory.
    package init(name: String = "project", files: [String: String]) {
        self.name = name
        self.files = files.keys.sorted()
        warnings = []
        known = Set(files.keys)
        source = .memory(files)
    }

    init(name: String, root: String, files: [String], warnings: [String]) {
        self.name = name
        self.files = files.sorted()
        self.warnings = warnings
        known = Set(files)
        source = .folder(root)
    }

    /// The most bytes of a file that is read as text; a larger one is only known to exist.
    package static let maximumFileBytes = 1 << 20

    /// Files that were asked for so far and were too large, in order.
    package var oversized: [String] { large.withLock { $0.sorted() } }

    package func has(_ path: String) -> Bool { known.contains(path) }

    /// Whether there is a file or a folder at a path, also of those that a scan leaves out.
    func exists(_ path: String) -> Bool {
        switch source {
        case .folder(let root): FileManager.default.fileExists(atPath: "\(root)/\(path)")
        case .memory: known.contains(path) || !files(under: path).isEmpty
        }
    }

    /// A file's text, UTF-16 by its mark, else UTF-8 with other bytes replaced; nil when it is absent, over a megabyte,
    /// or binary.
    package func text(_ path: String) -> String? {
        guard known.contains(path) else { return nil }
        if let cached = cache.withLock({ $0[path] }) { return cached }
        let text = load(path)
        cache.withLock { $0[path] = .some(text) }
        return text
    }

    /// A file's text up to another limit in bytes, as for lock files; it is read anew each time.
    package func text(_ path: String, limit: Int) -> String? {
        if let text = text(path) { return text }
        guard known.contains(path), case .folder(let root) = source,
            let data = ProjectWalk.contents(of: "\(root)/\(path)", limit: limit), data.count <= limit
        else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    /// The files below a folder (`""` is all), with their paths relative to the project.
    package func files(under folder: String) -> [String] {
        guard !folder.isEmpty else { return files }
        // They are sorted, so those below a folder stand together: what follows `a/` and all that begins so is `a0`.
        let start = place(of: folder + "/")
        return Array(files[start..<max(start, place(of: folder + "0"))])
    }

    /// The part of the project below a folder, as a project of its own.
    package func sub(_ folder: String) -> Project {
        guard !folder.isEmpty else { return self }
        let names = files(under: folder).map { String($0.dropFirst(folder.count + 1)) }
        let last = folder.split(separator: "/").last.map(String.init) ?? name
        switch source {
        case .folder(let root):
            return Project(name: last, root: "\(root)/\(folder)", files: names, warnings: [])
        case .memory(let texts):
            let pairs = names.map { ($0, texts["\(folder)/\($0)"] ?? "") }
            return Project(name: last, files: Dictionary(uniqueKeysWithValues: pairs))
        }
    }

    // MARK: - Private

    /// The place of the first file that does not come before a path.
    private func place(of path: String) -> Int {
        var low = 0
        var high = files.count
        while low < high {
            let middle = (low + high) / 2
            if files[middle] < path { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func load(_ path: String) -> String? {
        let data: Data
        switch source {
        case .memory(let texts): data = Data((texts[path] ?? "").utf8)
        case .folder(let root):
            guard let bytes = ProjectWalk.contents(of: "\(root)/\(path)", limit: Self.maximumFileBytes) else {
                return nil
            }
            data = bytes
        }
        guard data.count <= Self.maximumFileBytes else {
            large.withLock { _ = $0.insert(path) }
            return nil
        }
        // PowerShell's `pip freeze > requirements.txt` writes UTF-16 with its mark, which pip reads.
        if data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF]) {
            return String(data: data, encoding: .utf16)
        }
        let isBinary = data.withUnsafeBytes { bytes in
            bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false
        }
        guard !isBinary else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
