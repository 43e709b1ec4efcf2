import CLinux
import Foundation
import Glibc
import Model
import Toolkit

extension FileTree {
    /// Removes a file or a folder with all below it; nothing happens when it is not there.
    ///
    /// What is still mounted in it is detached first: an interrupted build may have left the host's own `/dev` there.
    /// Works by descriptors, since a build may leave names of any bytes and paths longer than the kernel takes.
    static func remove(_ path: String) throws(Fault) {
        if unlink(path) == 0 || errno == ENOENT { return }
        guard let status = try status(path) else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw Durable.fault(errno, "remove", path) }
        try detachMounts(below: path)
        // Each pass brings what lies deeper than the limit up to the top.
        for _ in 0..<1000 {
            let top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            guard top >= 0 else { throw Durable.fault(errno, "open", path) }
            defer { close(top) }
            var removal = Removal(path: path, top: top)
            try removal.empty(top, depth: 0)
            guard removal.movedUp == 0 else { continue }
            guard rmdir(path) == 0 || errno == ENOENT else { throw Durable.fault(errno, "remove", path) }
            return
        }
        throw Fault(.io, "\(path) is too deep to be removed")
    }

    /// Removes it, and says nothing when that fails: for clearing up after another error, which is the one to tell.
    ///
    /// What stays is swept at the next start.
    static func discard(_ path: String) {
        do throws(Fault) { try remove(path) } catch {}
    }

    // MARK: - Private

    private struct Removal {
        static let maximumDepth = 128
        let path: String
        let top: Int32
        var movedUp = 0

        /// Removes all that a folder holds.
        mutating func empty(_ folder: Int32, depth: Int) throws(Fault) {
            for name in try names(in: folder) {
                if unlinkat(folder, name, 0) == 0 || errno == ENOENT { continue }
                guard errno == EISDIR || errno == EPERM else { throw fault("remove") }
                if depth < Self.maximumDepth {
                    try removeFolder(name, in: folder, depth: depth)
                } else {
                    movedUp += 1
                    let place = ".removing-\(movedUp)-\(UInt32.random(in: 0...UInt32.max))"
                    guard renameat(folder, name, top, place) == 0 else { throw fault("move up") }
                }
            }
        }

        private mutating func removeFolder(_ name: [CChar], in folder: Int32, depth: Int) throws(Fault) {
            var below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            if below < 0, errno == EACCES, fchmodat(folder, name, 0o700, 0) == 0 {
                below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            }
            guard below >= 0 else { throw fault("open") }
            defer { close(below) }
            try empty(below, depth: depth + 1)
            guard unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT else { throw fault("remove") }
        }

        private func names(in folder: Int32) throws(Fault) -> [[CChar]] {
            // A descriptor of its own, since `closedir` closes the one it was given.
            let descriptor = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0, let stream = fdopendir(descriptor) else { throw fault("read") }
            defer { closedir(stream) }
            var names: [[CChar]] = []
            while let entry = readdir(stream) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
                }
                let dot = CChar(bitPattern: UInt8(ascii: "."))
                if name != [dot], name != [dot, dot] { names.append(name + [0]) }
            }
            return names
        }

        private func fault(_ verb: String) -> Fault { Durable.fault(errno, verb, "something below \(path)") }
    }

    private static func detachMounts(below path: String) throws(Fault) {
        guard let resolved = realpath(path, nil) else { return }
        defer { free(resolved) }
        let place = String(cString: resolved)
        guard let table = try read("/proc/self/mountinfo", limit: 16 << 20) else { return }
        // Later mounts first: they may lie on earlier ones.
        for line in String(decoding: table, as: UTF8.self).split(separator: "\n").reversed() {
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count > 4 else { continue }
            let mounted = unescaped(fields[4])
            guard mounted == place || mounted.hasPrefix(place + "/") else { continue }
            guard roost_unmount_lazily(mounted) == 0 else { throw Durable.fault(errno, "unmount", mounted) }
        }
    }

    /// `mountinfo` writes blanks, tabs, line feeds and backslashes as three octal digits.
    private static func unescaped(_ text: Substring) -> String {
        guard text.contains("\\") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
