import CLinux
import Glibc
import Model
import NIOCore

/// An open file that is answered with; what it does waits for the disk.
final class StaticFile: Sendable {
    let facts: StaticAnswer.File

    /// Opens the first of some files that is there.
    ///
    /// `root` is the folder of all images' files; links are not followed.
    static func open(_ candidates: [String], below root: String) -> StaticFile? {
        for candidate in candidates {
            let path = "\(root)/\(candidate)"
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard descriptor >= 0 else { continue }
            if let file = StaticFile(descriptor, path) { return file }
            close(descriptor)
        }
        return nil
    }

    deinit { close(descriptor) }

    /// The bytes of a range; fewer when the file has become shorter, nil when it can't be read.
    func read(_ range: Range<Int>, _ allocator: ByteBufferAllocator) -> ByteBuffer? {
        var buffer = allocator.buffer(capacity: range.count)
        while buffer.readableBytes < range.count {
            let offset = off_t(range.lowerBound + buffer.readableBytes)
            let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: range.count - buffer.readableBytes) {
                max(0, pread(descriptor, $0.baseAddress, min($0.count, range.upperBound - Int(offset)), offset))
            }
            if count == 0 { break }
        }
        return buffer.readableBytes == 0 ? nil : buffer
    }

    // MARK: - Private

    private let descriptor: Int32

    private init?(_ descriptor: Int32, _ path: String) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.descriptor = descriptor
        let changed = Int(status.st_mtim.tv_sec)
        var digest = [UInt8](repeating: 0, count: 64)
        let length = roost_get_attribute(path, StaticFiles.digestAttribute, &digest, digest.count)
        // Without it, the image's digest tells this release's file from the next one's.
        let image = path.split(separator: "/").first { $0.utf8.count == 64 } ?? ""
        facts = StaticAnswer.File(
            name: path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...],
            size: Int(status.st_size),
            changed: changed,
            tag: length > 0
                ? String(decoding: digest[..<length], as: UTF8.self)
                : "\(image.prefix(16))-\(String(changed, radix: 16))-\(String(status.st_size, radix: 16))"
        )
    }
}
