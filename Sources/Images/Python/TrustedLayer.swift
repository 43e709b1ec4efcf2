import Foundation
import Model
import Toolkit

/// A layer made by a script that runs as root on the layers below it.
///
/// For programs of the distribution and the host alone: nothing of a project's may run here.
struct TrustedLayer: Sendable {
    let store: ImageStore
    /// Proxies and the like; nil is a script without a network.
    var environment: [String: String]?
    /// A folder of the host that is APT's archive of packages meanwhile.
    var archives: String?

    /// - Parameters:
    ///   - layers: diff IDs, bottom first.
    ///   - script: for `/bin/sh`, within the image.
    ///   - arguments: the script's `$1` and so on.
    ///   - onLine: is given what it writes.
    ///   - fill: puts files into the layer before the script runs.
    /// - Returns: the layer's diff ID.
    /// - Throws: ``Fault`` `buildFailed` with the last lines that it wrote.
    func make(
        on layers: [String],
        script: String,
        arguments: [String] = [],
        onLine: @Sendable (String) async throws -> Void = { _ in },
        fill: @Sendable (_ folder: String) async throws -> Void = { _ in }
    ) async throws -> String {
        let scratch = try store.makeScratch()
        defer { FileTree.discard(scratch) }
        for name in ["upper", "work", "root"] { try FileTree.makeFolder("\(scratch)/\(name)") }
        try await fill("\(scratch)/upper")
        let lower = try store.layerPaths(layers).reversed().joined(separator: ":")
        // What the host unmounts meanwhile (a volume) is to go here too.
        let namespaces =
            ["--mount", "--propagation", "slave", "--pid", "--fork", "--kill-child"]
            + (environment == nil ? ["--net"] : [])
        let own = ["HOME": "/tmp", "PATH": PythonBaseMaker.path, "DEBIAN_FRONTEND": "noninteractive"]
        let command = Command(
            "unshare",
            namespaces + ["/bin/sh", "-c", mounts, "sh", lower, scratch, script] + arguments,
            environment: own.merging(environment.map(Self.forPrograms) ?? [:]) { mine, _ in mine }
        )
        let last = LastLines()
        let code = try await command.stream { line in
            last.add(line)
            try await onLine(line)
        }
        try Task.checkCancellation()
        if let name = SystemRoot.unknownPackage(in: last.all), code != 0 { throw SystemRoot.unknown(name) }
        guard code == 0 else { throw BuildStepRunner.fault("a layer of the base image could not be made", code, last) }
        return try await store.addLayer(from: "\(scratch)/upper", form: .asFound)
    }

    // MARK: - Private

    private var mounts: String {
        var lines = [
            "set -e; lower=$1; place=$2; script=$3; shift 3",
            #"mount -t overlay overlay -o "lowerdir=$lower,upperdir=$place/upper,workdir=$place/work" "$place/root""#,
            "cd \"$place/root\"",
            "mount -t proc proc proc",
            "mount --rbind /dev dev",
            "mount -t tmpfs tmpfs tmp",
        ]
        if environment != nil {
            lines.append("[ -e etc/resolv.conf ] || : >etc/resolv.conf; mount --bind /etc/resolv.conf etc/resolv.conf")
        }
        if let archives { lines.append("mount --bind \(Self.quoted(archives)) var/cache/apt/archives") }
        return (lines + ["exec chroot . /bin/sh -e -c \"$script\" sh \"$@\""]).joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }

    /// APT heeds the names in lower case alone.
    private static func forPrograms(_ environment: [String: String]) -> [String: String] {
        let proxies = environment.filter { $0.key.hasSuffix("_PROXY") }.map { ($0.key.lowercased(), $0.value) }
        return environment.merging(proxies) { mine, _ in mine }
    }
}
