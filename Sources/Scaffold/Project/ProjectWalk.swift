import Foundation
package import Model
import Toolkit

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension Project {
    /// Lists a folder's files, without following links and without leaving it.
    ///
    /// - Throws: ``Fault`` `io` when the folder itself can't be read.
    package static func read(_ folder: String) throws(Fault) -> Project {
        guard let resolved = realpath(folder, nil) else { throw Durable.fault(errno, "read the folder", folder) }
        let root = String(cString: resolved)
        free(resolved)
        var walk = ProjectWalk(root: root)
        try walk.run()
        let name = root.split(separator: "/").last.map(String.init) ?? "app"
        return Project(name: name, root: root, files: walk.files, warnings: walk.warnings)
    }
}

/// The walk that finds a project's files.
struct ProjectWalk {
    let root: String
    private(set) var files: [String] = []
    private(set) var warnings: [String] = []

    init(root: String) {
        self.root = root
    }

    /// More than this is no project but a disk; what comes first in breadth is kept.
    static let maximumFiles = 100_000

    private static let ignored: Set<String> = [
        ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "site-packages", "__pycache__", ".tox", ".nox",
        ".mypy_cache", ".pytest_cache", ".ruff_cache", ".idea", ".roost", ".terraform", ".next", ".nuxt", "vendor",
    ]

    /// Folders deeper than this hold nothing that is deployed.
    static let maximumDepth = 64

    private var links = 0
    private var special: [String] = []
    private var unnamed = 0
    private var deep = 0

    mutating func run() throws(Fault) {
        // Breadth first, so that a limit cuts the deepest folders and not whichever came last.
        var waiting = [(path: "", depth: 0)]
        var next = 0
        while next < waiting.count {
            let folder = waiting[next]
            next += 1
            guard let entries = entries(in: folder.path) else {
                if folder.path.isEmpty { throw Durable.fault(errno, "read the folder", root) }
                warnings.append("\(folder.path.prefix(200)) can't be read and was left out")
                continue
            }
            for entry in entries.sorted(by: { $0.name < $1.name }) {
                let path = folder.path.isEmpty ? entry.name : "\(folder.path)/\(entry.name)"
                if entry.kind == S_IFDIR {
                    guard !Self.ignored.contains(entry.name), !isVirtualEnvironment(path) else { continue }
                    guard folder.depth < Self.maximumDepth else {
                        deep += 1
                        continue
                    }
                    waiting.append((path, folder.depth + 1))
                } else {
                    add(path, entry.kind)
                }
                if max(files.count, waiting.count) >= Self.maximumFiles {
                    let kind = files.count >= Self.maximumFiles ? "files" : "folders"
                    warnings.append("more than \(Self.maximumFiles) \(kind): the rest was left out")
                    return report()
                }
            }
        }
        report()
    }

    /// Reads a regular file, at most a byte more than the limit; nil when it is no longer a regular file.
    static func contents(of path: String, limit: Int) -> Data? {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        // One byte more than the limit tells the caller that there is more.
        return try? handle.read(upToCount: limit + 1) ?? Data()
    }

    // MARK: - Private

    private struct Entry {
        var name: String
        /// As `stat` tells it; 0 for what is gone again.
        var kind: mode_t
    }

    private mutating func add(_ path: String, _ kind: mode_t) {
        switch kind {
        case S_IFREG: files.append(path)
        case S_IFLNK:
            if isInnerFile(path) { files.append(path) } else { links += 1 }
        case 0: break
        default: special.append(path)
        }
    }

    private mutating func report() {
        if links > 0 { warnings.append("\(links) links to folders or out of the project were not followed") }
        if let first = special.first {
            let count = special.count == 1 ? "" : " and \(special.count - 1) more"
            warnings.append("\(first.prefix(200))\(count): no regular file, but a pipe, a socket or a device; left out")
        }
        if deep > 0 {
            warnings.append("\(deep) folders lie deeper than \(Self.maximumDepth) levels: what is in them was left out")
        }
        if unnamed > 0 { warnings.append("\(unnamed) files or folders whose names are no UTF-8 were left out") }
    }

    private func isVirtualEnvironment(_ path: String) -> Bool {
        access("\(root)/\(path)/pyvenv.cfg", F_OK) == 0
    }

    /// A link to a regular file of the same project is as good as the file.
    private func isInnerFile(_ path: String) -> Bool {
        guard let resolved = realpath("\(root)/\(path)", nil) else { return false }
        defer { free(resolved) }
        guard String(cString: resolved).hasPrefix(root + "/") else { return false }
        var status = stat()
        return stat(resolved, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// What a folder holds; nil when it can't be read.
    private mutating func entries(in folder: String) -> [Entry]? {
        let place = folder.isEmpty ? root : "\(root)/\(folder)"
        guard let stream = opendir(place) else { return nil }
        defer { closedir(stream) }
        var entries: [Entry] = []
        // A folder may hold millions; those beyond the limit would be cut below anyhow.
        while entries.count <= 2 * Self.maximumFiles, let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let name else {
                unnamed += 1
                continue
            }
            guard name != ".", name != ".." else { continue }
            var kind = mode_t(entry.pointee.d_type) << 12  // DTTOIF, a macro that Swift does not see; see readdir(3)
            if kind == 0 {
                var status = stat()
                if lstat("\(place)/\(name)", &status) == 0 { kind = status.st_mode & S_IFMT }
            }
            entries.append(Entry(name: name, kind: kind))
        }
        return entries
    }
}
