import CLinux
import Glibc
package import Model
import Toolkit

/// A folder that takes only so many bytes: an ext4 file system in a file of its own, mounted there by a loop device.
///
/// It works on every disk that can hold large files, whatever its file system and mount options. The file is sparse: it
/// takes from the disk below what is written, and gives back what is removed. A full one is `ENOSPC` to who writes there,
/// and to nobody else. The mount outlives the daemon, not the host: who needs the folder calls `mount` each time before.
///
/// The root of the file system holds `lost+found`; what must begin empty gets a folder in it.
package struct LoopDisk: Sendable {
    /// The file; its folder is there.
    package var image: String
    /// Where it is mounted; made where it is missing.
    package var folder: String
    /// The most that it holds, with what the file system needs for itself.
    package var bytes: Int64
    /// Whether its content is to outlive a crash of the host.
    package var isKept: Bool

    package init(image: String, folder: String, bytes: Int64, isKept: Bool) {
        self.image = image
        self.folder = folder
        self.bytes = bytes
        self.isKept = isKept
    }

    /// Less than that is of no use: the file system takes some of it for itself.
    package static let minimumBytes: Int64 = 16 << 20

    /// What a file system takes and has.
    package struct Use: Equatable, Sendable {
        /// For files, in bytes; somewhat less than the file's size.
        package var total: Int64
        package var free: Int64
    }

    /// Whether the folder shows it now.
    package var isMounted: Bool {
        var (own, above) = (stat(), stat())
        return stat(folder, &own) == 0 && stat("\(folder)/..", &above) == 0 && own.st_dev != above.st_dev
    }

    /// Makes the file system where there is none, and mounts it unless it is.
    ///
    /// One that is kept and smaller than `bytes` grows before. It never shrinks. Blocks.
    ///
    /// - Throws: ``Fault`` `hostUnfit` where the host has no loop devices or no `mkfs.ext4`, `diskFull`, `io`.
    package func mount() throws(Fault) {
        precondition(bytes >= Self.minimumBytes, "a disk of \(bytes) bytes is too small for a file system")
        if !KernelFile.exists(image) { try make() }
        guard !isMounted else { return }
        if isKept { try growUnmounted() }
        try KernelFile.makeFolder(folder, mode: 0o755)
        let options = isKept ? "discard,errors=remount-ro" : "discard,errors=continue,nobarrier"
        guard roost_mount_image(image, folder, options) == 0 else { throw unmountable(errno) }
    }

    /// Has a mounted one grow to `bytes` under the hands of who uses it.
    ///
    /// Blocks.
    ///
    /// - Returns: whether it has; a daemon without the right to do so (`CAP_SYS_RESOURCE`) leaves it to the next `mount`.
    package func grow() throws(Fault) -> Bool {
        try growFile()
        if roost_grow_mounted_image(folder) == 0 { return true }
        if errno == EPERM { return false }
        throw Durable.fault(errno, "grow the file system at", folder)
    }

    /// Takes the folder away; the file stays.
    ///
    /// Who has files of it open keeps them until then. Blocks.
    package func unmount() throws(Fault) {
        if isMounted { try Overlay.unmount(folder) }
    }

    /// Takes the file away too.
    ///
    /// Blocks.
    package func remove() throws(Fault) {
        try unmount()
        for path in [image, "\(image).new"] where unlink(path) != 0 && errno != ENOENT {
            throw Durable.fault(errno, "remove", path)
        }
        guard rmdir(folder) == 0 || errno == ENOENT else { throw Durable.fault(errno, "remove", folder) }
    }

    /// How full it is; nil unless it is mounted.
    package var use: Use? {
        var status = statvfs()
        guard isMounted, statvfs(folder, &status) == 0 else { return nil }
        let block = Int64(status.f_frsize)
        return Use(total: Int64(status.f_blocks) * block, free: Int64(status.f_bavail) * block)
    }

    // MARK: - Private

    /// Under another name first: a crash leaves no half of a file system where a whole one is expected.
    private func make() throws(Fault) {
        let fresh = "\(image).new"
        unlink(fresh)
        try KernelFile.create(fresh, [], mode: 0o600)
        guard truncate(fresh, off_t(bytes)) == 0 else { throw Durable.fault(errno, "make", fresh) }
        // What is thrown away at each start needs no journal, and is made in a few milliseconds.
        let features = isKept ? [] : ["-O", "^has_journal,^resize_inode"]
        let command = ["/sbin/mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1"] + features + [fresh]
        guard KernelFile.exists(command[0]) else {
            throw Fault(.hostUnfit, "\(command[0]) is missing", hint: "apt-get install e2fsprogs")
        }
        let outcome = try Spawn.run(command, limit: .seconds(120))
        guard outcome.code == 0 else {
            unlink(fresh)
            throw diskIsFull(outcome.output)
                ?? Fault(.toolFailed, "mkfs.ext4 made no file system in \(fresh): \(outcome.output)")
        }
        guard rename(fresh, image) == 0 else { throw Durable.fault(errno, "rename", fresh) }
    }

    private func growFile() throws(Fault) {
        var status = stat()
        guard stat(image, &status) == 0 else { throw Durable.fault(errno, "look at", image) }
        guard Int64(status.st_size) < bytes else { return }
        guard truncate(image, off_t(bytes)) == 0 else { throw Durable.fault(errno, "grow", image) }
    }

    /// Also after a crash between the growth of the file and that of the file system.
    private func growUnmounted() throws(Fault) {
        try growFile()
        var status = stat()
        guard stat(image, &status) == 0, let size = try fileSystemBytes(), size < Int64(status.st_size) else { return }
        // The tool wants a file system that was checked since it was last written; 1 and 2 are errors that were mended.
        let check = try Spawn.run(["/sbin/e2fsck", "-f", "-p", image], limit: .seconds(600))
        guard check.code < 4 else { throw Fault(.io, "\(image) is damaged: \(check.output)") }
        let outcome = try Spawn.run(["/sbin/resize2fs", image], limit: .seconds(600))
        guard outcome.code == 0 else {
            throw diskIsFull(outcome.output) ?? Fault(.toolFailed, "resize2fs \(image): \(outcome.output)")
        }
    }

    /// What the superblock says; nil for a file that has none.
    ///
    /// > Source: Linux, Documentation/filesystems/ext4/super.rst.
    private func fileSystemBytes() throws(Fault) -> Int64? {
        let descriptor = open(image, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Durable.fault(errno, "open", image) }
        defer { close(descriptor) }
        var block = [UInt8](repeating: 0, count: 1024)
        guard pread(descriptor, &block, block.count, 1024) == block.count else { return nil }
        func number(_ offset: Int) -> Int64 { (0..<4).reduce(0) { $0 | Int64(block[offset + $1]) << (8 * $1) } }
        guard block[0x38] == 0x53, block[0x39] == 0xef, number(0x18) < 7 else { return nil }
        return (number(4) | number(0x150) << 32) << (10 + number(0x18))
    }

    private func unmountable(_ number: Int32) -> Fault {
        if number == ENODEV {
            return Fault(
                .hostUnfit,
                "the host has no loop device free for \(image)",
                hint: "load the kernel module loop, and let this program see /dev/loop-control"
            )
        }
        return (number == EIO ? diskIsFull("") : nil) ?? Durable.fault(number, "mount at \(folder)", image)
    }

    /// What keeps a file system from being written is often the disk below.
    private func diskIsFull(_ words: String) -> Fault? {
        var below = statvfs()
        let isFull = statvfs("\(folder)/..", &below) == 0 && Int(below.f_bavail) * Int(below.f_frsize) < 4 << 20
        guard isFull || words.contains("No space left") else { return nil }
        return Durable.fault(ENOSPC, "make a file system in", image)
    }
}
