package import Foundation
package import Model
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Files that are whole or not there, whatever ends the process.
package enum Durable {
    /// Writes beside the file, syncs, renames over it, syncs the folder.
    ///
    /// - Throws: ``Fault`` `diskFull` or `io`, with the path; the old file is then as it was.
    package static func write(_ data: Data, to path: String, mode: mode_t = 0o644) throws(Fault) {
        // A name of its own for each writer: two of one process must not share a half-written file.
        let temporary = "\(path).new-\(getpid())-\(writes.add(1, ordering: .relaxed).newValue)"
        do {
            try writeSynced(data, to: temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode: mode)
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let fault = fault(errno, "rename", path)
            unlink(temporary)
            throw fault
        }
        syncFolder(of: path)
    }

    /// Writes at the end of a file, which is made when it is not there, and syncs.
    ///
    /// A power cut may leave the first part of what was written.
    ///
    /// - Throws: ``Fault`` `diskFull` or `io`, with the path.
    package static func append(_ data: Data, to path: String, mode: mode_t = 0o644) throws(Fault) {
        try writeSynced(data, to: path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode: mode)
    }

    /// Makes a folder and those above it; one that is there already is left as it is.
    package static func makeFolder(_ path: String, mode: mode_t = 0o755) throws(Fault) {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: NSNumber(value: mode)]
            )
        } catch {
            throw fault(errno, "make folder", path)
        }
    }

    /// What a failed system call on a path means.
    package static func fault(_ number: Int32, _ verb: String, _ path: String) -> Fault {
        let text = "\(verb) \(path): \(String(cString: strerror(number)))"
        if number == ENOSPC || number == EDQUOT {
            return Fault(.diskFull, text, hint: "free space on the disk that holds it, then try again")
        }
        return Fault(.io, text)
    }

    // MARK: - Private

    private static let writes = Atomic<Int>(0)

    private static func writeSynced(
        _ data: Data,
        to path: String,
        _ flags: Int32,
        mode: mode_t
    ) throws(Fault) {
        let descriptor = open(path, flags, mode)
        guard descriptor >= 0 else { throw fault(errno, "open", path) }
        defer { close(descriptor) }
        var offset = 0
        while offset < data.count {
            let count = data.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress?.advanced(by: offset), bytes.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw fault(errno, "write", path) }
            offset += count
        }
        guard fsync(descriptor) == 0 else { throw fault(errno, "sync", path) }
    }

    private static func syncFolder(of path: String) {
        let folder = (path as NSString).deletingLastPathComponent
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
