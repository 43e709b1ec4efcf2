import CLinux
import Glibc
import Model
import Toolkit

/// Places at which files are mounted once more, with the owners that they have in a user namespace.
///
/// On the disk nothing changes hands: what is root's inside is root's there, so that volumes and layers can be read with any
/// range of users, and with none.
struct MappedMounts {
    /// Theirs alone.
    var folder: String
    var users: UserNamespace

    /// Shows a folder or a file at a new place, and says where.
    ///
    /// - Throws: ``Fault`` `hostUnfit` where its file system can't.
    func add(_ source: String) throws(Fault) -> String {
        try KernelFile.makeFolder(folder, mode: 0o711)
        let place = "\(folder)/\(KernelFile.names(in: folder).count)"
        var status = stat()
        guard stat(source, &status) == 0 else { throw Durable.fault(errno, "look at", source) }
        if status.st_mode & S_IFMT == S_IFDIR {
            try KernelFile.makeFolder(place, mode: 0o711)
        } else {
            try KernelFile.create(place, [])
        }
        guard roost_mount_mapped(source, place, users.descriptor) == 0 else {
            let fault = Durable.fault(errno, "map the owners of", source)
            throw Fault(.hostUnfit, fault.message, hint: "keep the state folder on ext4, xfs or btrfs")
        }
        return place
    }

    func removeAll() throws(Fault) { try Self.removeAll(folder) }

    /// Also what a crash has left; nothing there is no error.
    static func removeAll(_ folder: String) throws(Fault) {
        for name in KernelFile.names(in: folder) {
            let place = "\(folder)/\(name)"
            try Overlay.unmount(place)
            guard rmdir(place) == 0 || unlink(place) == 0 else { throw Durable.fault(errno, "remove", place) }
        }
        guard rmdir(folder) == 0 || errno == ENOENT else { throw Durable.fault(errno, "remove", folder) }
    }
}
