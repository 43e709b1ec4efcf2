import Foundation
import Glibc
import Model
import Toolkit

/// A volume's own file system: an ext4 in one file, mounted through a loop device, so that its size is a hard limit.
///
/// What it is now is asked of the kernel each time; nothing here is remembered.
struct VolumeDisk: Sendable {
    /// The file.
    let file: String
    /// Where it is mounted.
    let folder: String

    /// A growth that was begun: until it is gone, an opening does it again.
    private var mark: String { "\(file).growing" }

    /// Whether this host can have any.
    static var canBeMounted: Bool {
        KernelFile.exists("/dev/loop-control") && KernelFile.exists("/sbin/mkfs.ext4")
    }

    var exists: Bool { KernelFile.exists(file) }

    var isOpen: Bool {
        var (own, above) = (stat(), stat())
        guard lstat(folder, &own) == 0, lstat("\(folder)/..", &above) == 0 else { return false }
        return own.st_dev != above.st_dev
    }

    /// Makes the file with an empty file system, all of it reserved on the host's disk.
    ///
    /// - Throws: ``Fault`` `diskFull` when the host has not that much left.
    func make(bytes: Int64, owner: (uid: UInt32, gid: UInt32)) throws(Fault) {
        try reserve(bytes)
        // What was reserved must stay so: `nodiscard`. Tables are made when they are first used.
        try run([
            "mkfs.ext4", "-q", "-F", "-m", "0", "-E",
            "nodiscard,lazy_itable_init=1,lazy_journal_init=1,root_owner=\(owner.uid):\(owner.gid)", file,
        ])
    }

    /// Makes the file as large as asked, and keeps its room on the host's disk.
    func reserve(_ bytes: Int64) throws(Fault) {
        let before = size
        let outcome = try Spawn.run(["fallocate", "-l", "\(bytes)", file], limit: .seconds(600))
        if outcome.code == 0 { return }
        guard !outcome.output.contains("No space left") else {
            if before == 0 { unlink(file) } else { truncate(file, off_t(before)) }
            throw Fault(
                .diskFull,
                "the host's disk has no room for a volume of \(bytes >> 30) GB",
                hint: "make it smaller, or make room: roost volumes list --all shows what there is"
            )
        }
        // A file system that reserves nothing.
        try run(["truncate", "-s", "\(bytes)", file])
    }

    /// Mounts it, and finishes a growth that was cut off or has waited for this; nothing happens when it is mounted.
    func open() throws(Fault) {
        // A host that lets nobody grow what is used: nobody uses it now, or it stays as it is.
        if isOpen, isGrowing { try? close() }
        if !isOpen {
            let device: String
            // One that is there already, perhaps mounted where we can't see it, is the same file system: no second one.
            if let found = try devices().first { device = found } else { device = try attach() }
            do throws(Fault) {
                // What can't be grown yet is as good as before: its Machine starts, and the next opening tries again.
                if isGrowing { try fitAtRest(device) }
                try run(["mount", "-t", "ext4", "-o", "nosuid,nodev,errors=remount-ro", device, folder])
            } catch {
                _ = try? Spawn.run(["losetup", "--detach", device])
                throw error
            }
            // Programs that want an empty folder, as initdb does, would trip over it; fsck makes it when it needs it.
            rmdir("\(folder)/lost+found")
        }
    }

    /// Makes the file system larger, also while it is used; one that has the size already stays as it is.
    ///
    /// - Returns: false when that comes only with the next opening: a host without the right to grow a file system in use
    ///   (`CAP_SYS_RESOURCE`) leaves it to that.
    @discardableResult
    func grow(to bytes: Int64) throws(Fault) -> Bool {
        guard size < bytes || isGrowing else { return true }
        try KernelFile.create(mark, [])
        if size < bytes { try reserve(bytes) }
        return isOpen ? try fitInUse() : true
    }

    /// A growth was begun and is not done.
    var isGrowing: Bool { KernelFile.exists(mark) }

    /// Unmounts it, and lets go of its loop device.
    func close() throws(Fault) {
        if isOpen { try unmount() }
        for device in try devices() { try run(["losetup", "--detach", device]) }
    }

    /// Gives blocks of removed files back, so that no copy takes them along, and reserves them anew.
    func trim() {
        guard isOpen, (try? Spawn.run(["fstrim", folder]))?.code == 0 else { return }
        _ = try? Spawn.run(["fallocate", "-l", "\(size)", file], limit: .seconds(600))
    }

    var size: Int64 {
        var status = stat()
        return lstat(file, &status) == 0 ? Int64(status.st_size) : 0
    }

    // MARK: - Private

    /// Whoever is begun beside holds all files that are open here until it has its own program: "busy" is asked again.
    private func unmount() throws(Fault) {
        var outcome = try Spawn.run(["umount", folder])
        for _ in 0..<20 where outcome.code != 0 && outcome.output.contains("busy") {
            usleep(50_000)
            outcome = try Spawn.run(["umount", folder])
        }
        guard outcome.code == 0 else { throw failed("umount", outcome.output) }
    }

    private func fitInUse() throws(Fault) -> Bool {
        for device in try devices() {
            try run(["losetup", "--set-capacity", device])
            let outcome = try Spawn.run(["resize2fs", device], limit: .seconds(600))
            if outcome.code != 0, outcome.output.contains("Permission denied") { return false }
            guard outcome.code == 0 else { throw failed("resize2fs", outcome.output) }
        }
        unlink(mark)
        return true
    }

    private func fitAtRest(_ device: String) throws(Fault) {
        try run(["losetup", "--set-capacity", device])
        // The tool wants a file system that was checked since it was last written; 1 and 2 are errors that were mended.
        var check = try Spawn.run(["e2fsck", "-f", "-p", device], limit: .seconds(600))
        // Whoever began in the moment of the unmounting has a copy of the mount until it has its own root.
        for _ in 0..<60 where check.code >= 4 && check.output.contains("is in use") {
            usleep(250_000)
            check = try Spawn.run(["e2fsck", "-f", "-p", device], limit: .seconds(600))
        }
        guard check.code < 4 else {
            if check.output.contains("is in use") { return }
            throw failed("e2fsck", check.output)
        }
        try run(["resize2fs", device])
        unlink(mark)
    }

    private func failed(_ program: String, _ output: String) -> Fault {
        let words = output.split(whereSeparator: \.isNewline).joined(separator: "; ")
        return Fault(.io, "\(program) failed for the volume's disk \(file): \(words.suffix(500))")
    }

    private func devices() throws(Fault) -> [String] {
        let outcome = try Spawn.run(["losetup", "--associated", file, "--noheadings", "--output", "NAME"])
        return outcome.code == 0
            ? outcome.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) } : []
    }

    private func attach() throws(Fault) -> String {
        try run(["losetup", "--find", "--show", file]).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @discardableResult
    private func run(_ command: [String]) throws(Fault) -> String {
        let outcome = try Spawn.run(command, limit: .seconds(600))
        guard outcome.code == 0 else { throw failed(command[0], outcome.output) }
        return outcome.output
    }
}
