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

    mutating func run() throws(Fault) {
        // Breadth first, so that a limit cuts the deepest folders and not whichever came last.
        var waiting = [""]
        var links = 0
        var next = 0
        while next < waiting.count {
            let folder = waiting[next]
            next += 1
            guard let names = Self.names(in: folder.isEmpty ? root : "\(root)/\(folder)") else {
                if folder.isEmpty { throw Durable.fault(errno, "read the folder", root) }
                warnings.append("\(folder) can't be read and was left out")
                continue
            }
            for name in names.sorted() {
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                var status = stat()
                guard lstat("\(root)/\(path)", &status) == 0 else { continue }
                switch status.st_mode & S_IFMT {
                case S_IFDIR where !Self.ignored.contains(name) && !isVirtualEnvironment(path): waiting.append(path)
                case S_IFREG: files.append(path)
                case S_IFLNK:
                    if isInnerFile(path) { files.append(path) } else { links += 1 }
                default: break
                }
                if files.count >= Self.maximumFiles {
                    warnings.append("more than \(Self.maximumFiles) files: the rest was left out")
                    return
                }
            }
        }
        if links > 0 { warnings.append("\(links) links to folders or out of the project were not followed") }
    }

    /// Reads a regular file; nil when it is larger than the limit or no longer a regular file.
    static func contents(of path: String, limit: Int) -> Data? {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else {
            return nil
        }
        return try? handle.read(upToCount: limit + 1) ?? Data()
    }

    // MARK: - Private

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

    /// Names that are UTF-8; nil when the folder can't be read.
    private static func names(in path: String) -> [String]? {
        guard let stream = opendir(path) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard let name = String(validating: bytes, as: UTF8.self), name != ".", name != ".." else { continue }
            names.append(name)
        }
        return names
    }
}
