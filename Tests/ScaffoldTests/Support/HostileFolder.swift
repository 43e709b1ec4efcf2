import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// A folder on disk that means harm, and what has to be said about it.
struct HostileFolder: CustomTestStringConvertible, Sendable {
    let testDescription: String
    /// The kind and the entry that are found.
    var kind = "app"
    var entry = "main:app"
    /// What one of the warnings says, each.
    var says: [String] = []
    /// What the audit may end with.
    var audit: Set<Int32> = [0, 1]
    let make: @Sendable (Maker) throws -> Void

    init(
        _ name: String,
        kind: String = "app",
        entry: String = "main:app",
        says: [String] = [],
        audit: Set<Int32> = [0, 1],
        make: @escaping @Sendable (Maker) throws -> Void
    ) {
        testDescription = name
        self.kind = kind
        self.entry = entry
        self.says = says
        self.audit = audit
        self.make = make
    }

    static let app = "from fastapi import FastAPI\n\napp = FastAPI()\n"

    /// Makes files in a folder that is gone with it, however deep it is.
    final class Maker: Sendable {
        let path: String

        init() throws {
            path = NSTemporaryDirectory() + "roost-hostile-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }

        deinit {
            let remove = Process()
            remove.executableURL = URL(filePath: "/bin/rm")
            remove.arguments = ["-rf", path]
            try? remove.run()
            remove.waitUntilExit()
        }

        /// An app that is found without what a case adds.
        func plain() throws {
            try write("main.py", HostileFolder.app)
            try write("requirements.txt", "fastapi\nuvicorn\n")
        }

        func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

        func write(_ name: String, _ data: Data) throws {
            let full = "\(path)/\(name)"
            try folder(TreeName.folder(of: name))
            try data.write(to: URL(filePath: full))
        }

        func folder(_ name: String) throws {
            try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        }

        /// Empty files, quickly.
        func empty(_ name: String) throws {
            let descriptor = open("\(path)/\(name)", O_CREAT | O_WRONLY, 0o600)
            guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            close(descriptor)
        }

        /// A file of a size that takes no space.
        func sparse(_ name: String, bytes: Int) throws {
            try empty(name)
            guard truncate("\(path)/\(name)", bytes) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        }

        func link(_ name: String, to target: String) throws {
            try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
        }

        func pipe(_ name: String) throws {
            guard mkfifo("\(path)/\(name)", 0o600) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        }

        /// A socket, a device: what `mknod` makes; without the right to make devices a pipe has to do.
        func node(_ name: String, _ kind: mode_t) throws {
            if mknod("\(path)/\(name)", kind | 0o600, 0x105) != 0 { try pipe(name) }
        }

        /// Folders in folders, with an app at some depths.
        func nest(_ depth: Int, appsAt: Set<Int>) throws {
            var descriptor = open(path, O_RDONLY | O_DIRECTORY)
            for level in 1...depth {
                guard mkdirat(descriptor, "d", 0o700) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
                let inner = openat(descriptor, "d", O_RDONLY | O_DIRECTORY)
                close(descriptor)
                descriptor = inner
                guard appsAt.contains(level) else { continue }
                let file = openat(descriptor, "main.py", O_CREAT | O_WRONLY, 0o600)
                _ = HostileFolder.app.withCString { Glibc.write(file, $0, strlen($0)) }
                close(file)
            }
            close(descriptor)
        }

        /// A file whose name is no UTF-8.
        func unnamed(_ bytes: [UInt8]) {
            let name = Array(path.utf8) + [UInt8(ascii: "/")] + bytes + [0]
            let descriptor = name.withUnsafeBufferPointer { buffer in
                buffer.withMemoryRebound(to: CChar.self) { text in
                    text.baseAddress.map { open($0, O_CREAT | O_WRONLY, 0o600) } ?? -1
                }
            }
            if descriptor >= 0 { close(descriptor) }
        }
    }

    private enum TreeName {
        static func folder(of path: String) -> String {
            String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
        }
    }
}
