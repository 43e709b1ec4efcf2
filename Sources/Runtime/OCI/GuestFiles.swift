import Foundation
import Glibc
package import Model
package import Toolkit

/// Files that a Machine finds at its start, made on the run folder's tmpfs since they may hold secrets.
package struct GuestFiles: Sendable {
    private let paths: HostPaths
    /// The most bytes of one file.
    package static let maximumBytes = 8 << 20

    package init(paths: HostPaths) {
        self.paths = paths
    }

    /// Makes the files, ready to be mounted; those of an earlier start are gone afterwards.
    ///
    /// - Parameters:
    ///   - id: the Machine.
    ///   - files: what it should find.
    ///   - values: of its app, for files whose content is a secret, in base64.
    /// - Returns: a mount for each file.
    /// - Throws: ``Fault`` `invalidConfig` for a secret that is not there, or content that is not base64.
    package func put(
        _ id: Machine.ID,
        _ files: [MachineConfig.File],
        _ values: [String: String]
    ) throws(Fault) -> [Sandbox.Mount] {
        let folder = "\(paths.run)/files/\(id)"
        if KernelFile.exists(folder) { try OCIRuntime.removeTrees([folder]) }
        guard !files.isEmpty else { return [] }
        try KernelFile.makeFolder("\(paths.run)/files", mode: 0o700)
        try KernelFile.makeFolder(folder, mode: 0o700)
        var mounts: [Sandbox.Mount] = []
        for (index, file) in files.enumerated() {
            let content = try content(file, values)
            let path = "\(folder)/\(index)"
            try KernelFile.create(path, Array(content), mode: 0o600)
            // The umask must not decide who inside may read it.
            guard chmod(path, mode_t(file.mode ?? 0o644)) == 0 else { throw Durable.fault(errno, "open up", path) }
            mounts.append(Sandbox.Mount(source: path, destination: file.guestPath))
        }
        return mounts
    }

    /// Whether a path is that of a file made here.
    static func made(_ path: String, _ paths: HostPaths) -> Bool { path.hasPrefix("\(paths.run)/files/") }

    private func content(_ file: MachineConfig.File, _ values: [String: String]) throws(Fault) -> Data {
        var text = file.rawValue ?? ""
        if let name = file.secretName {
            guard let value = values[name] else {
                throw Fault(
                    .invalidConfig,
                    "the file \(file.guestPath) wants the secret \(name), which the app does not have",
                    hint: "set it, in base64: roost secrets set \(name)=…"
                )
            }
            text = value
        }
        guard let data = Data(base64Encoded: text), data.count <= Self.maximumBytes else {
            let name = file.secretName.map { "the secret \($0)" } ?? "its raw_value"
            throw Fault(
                .invalidConfig,
                "the file \(file.guestPath): \(name) is not base64 of at most \(Self.maximumBytes) bytes"
            )
        }
        return data
    }
}
