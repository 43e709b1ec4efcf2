import Foundation
import Model

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The walk through a project folder that finds what belongs to it.
struct FolderWalk {
    /// The folder without links in its path.
    let root: String
    let rules: IgnoreRules
    /// Sent whatever the rules say.
    let always: Set<String>
    /// Files with size and mode, but not hashed yet; in no order.
    private(set) var found: [SourceManifest.Entry] = []
    /// Folders that belong to the project, whatever is in them.
    private(set) var folders: [String] = []
    /// Files with secrets of this machine that nothing names for the image.
    private(set) var secrets: [String] = []

    init(root: String, rules: IgnoreRules, always: Set<String>) {
        self.root = root
        self.rules = rules
        self.always = always
    }

    /// Walks all of it.
    mutating func visit() throws(Fault) {
        // A list instead of recursion: no depth of folders may end the program.
        var waiting = [Waiting(path: "", rules: rules.top)]
        while let folder = waiting.popLast() {
            for name in try names(in: folder.path) {
                let path = folder.path.isEmpty ? name : "\(folder.path)/\(name)"
                if let below = try visit(path, name: name, in: folder) { waiting.append(below) }
            }
        }
    }

    // MARK: - Private

    /// A folder that is still to be read.
    private struct Waiting {
        var path: String
        var rules: IgnoreRules.Folder
    }

    private mutating func visit(_ path: String, name: String, in folder: Waiting) throws(Fault) -> Waiting? {
        var status = stat()
        guard lstat("\(root)/\(path)", &status) == 0 else {
            if errno == ENOENT { return nil }  // gone since it was listed
            throw Durable.fault(errno, "read", path)
        }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFDIR || kind == S_IFREG || kind == S_IFLNK, !Self.neverSent(name) else { return nil }
        let (leftOut, below) = rules.decide(path, in: folder.rules)
        let kept = !leftOut || always.contains(path)
        if kind == S_IFDIR {
            guard !isVirtualEnvironment(path) else { return nil }
            if kept { folders.append(path) }
            guard folders.count <= SourceManifest.maximumFiles else { throw tooMany() }
            guard kept || rules.takesBack || always.contains(where: { $0.hasPrefix(path + "/") }) else { return nil }
            return Waiting(path: path, rules: below)
        }
        guard kept else { return nil }
        // Files of variables hold keys; in an image everybody who gets it reads them.
        if Self.holdsSecrets(name), !always.contains(path), !rules.names(path) {
            secrets.append(path)
        } else {
            try add(path, status)
        }
        return nil
    }

    private mutating func add(_ path: String, _ status: stat) throws(Fault) {
        let mode = UInt16(truncatingIfNeeded: status.st_mode & 0o777)
        if status.st_mode & S_IFMT == S_IFLNK {
            found.append(.init(path: path, kind: .symlink, mode: 0o777, size: 0, sha256: "", target: try link(path)))
        } else {
            found.append(.init(path: path, mode: mode, size: Int64(status.st_size), sha256: ""))
        }
        guard found.count <= SourceManifest.maximumFiles else { throw tooMany() }
    }

    private func tooMany() -> Fault {
        Fault(
            .tooLarge,
            "\(root) holds more than \(SourceManifest.maximumFiles) files",
            hint: "name what the app does not need in .dockerignore; is this the project's own folder?"
        )
    }

    /// `.env` and `.env.production`, but no example.
    static func holdsSecrets(_ name: String) -> Bool {
        guard name == ".env" || name.hasPrefix(".env.") else { return false }
        let examples: Set<Substring> = ["example", "sample", "template", "dist", "tmpl", "defaults"]
        return !name.split(separator: ".").dropFirst().contains { examples.contains($0) }
    }

    /// Where a link leads, which may be a place that only the Machine has.
    private func link(_ path: String) throws(Fault) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("\(root)/\(path)", &buffer, buffer.count)
        guard count >= 0 else { throw Durable.fault(errno, "read link", path) }
        return try Self.text(Array(buffer[..<count]), of: "the target of the link \(path)")
    }

    private func names(in folder: String) throws(Fault) -> [String] {
        let path = folder.isEmpty ? root : "\(root)/\(folder)"
        guard let stream = opendir(path) else {
            if errno == ENOENT { return [] }
            throw Durable.fault(errno, "read the folder", path)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if bytes == [UInt8(ascii: ".")] || bytes == [UInt8(ascii: "."), UInt8(ascii: ".")] { continue }
            names.append(try Self.text(bytes, of: "a name in \(path)"))
        }
        return names
    }

    private static func text(_ bytes: [UInt8], of what: String) throws(Fault) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Fault(.invalidRequest, "\(what) is not UTF-8: \(String(decoding: bytes, as: UTF8.self))")
        }
        return text
    }

    private static func neverSent(_ name: String) -> Bool {
        name == ".git" || name == ".roost" || name == "__pycache__" || name.hasSuffix(".pyc")
    }

    private func isVirtualEnvironment(_ path: String) -> Bool {
        access("\(root)/\(path)/pyvenv.cfg", F_OK) == 0
    }
}
