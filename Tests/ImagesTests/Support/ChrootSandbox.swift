import Foundation
import Images
import Model
import Toolkit

/// Runs build steps for real, by `unshare`, an overlay and `chroot`; needs root.
struct ChrootSandbox: BuildSandbox {
    func run(_ step: BuildStep, onLine: @Sendable (String) async throws -> Void) async throws -> Int32 {
        let root = NSTemporaryDirectory() + "roost-sandbox-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        var lines = [
            "set -e",
            "mount -t overlay overlay -o lowerdir=\(step.layers.reversed().joined(separator: ":")),"
                + "upperdir=\(step.upper),workdir=\(step.work) \(root)",
            "mount -t proc proc \(root)/proc",
            "mount --rbind /dev \(root)/dev",
            "chmod 1777 \(root)/tmp",
        ]
        if step.network { lines += Self.mount("/etc/resolv.conf", at: "\(root)/etc/resolv.conf", readOnly: true) }
        for mount in step.mounts {
            lines += Self.mount(mount.source, at: root + mount.destination, readOnly: mount.readOnly)
        }
        lines.append("mkdir -p \(root)\(step.workingDirectory)")
        // A change of user takes the order to die with its parent away, so it is given again.
        let ids = step.user.split(separator: ":")
        lines.append(
            "exec chroot \(root) /usr/bin/setpriv --reuid=\(ids[0]) --regid=\(ids[1]) --clear-groups --pdeathsig=KILL"
                + " /usr/bin/env -i -C \(step.workingDirectory) \"$@\""
        )
        let namespaces = ["--mount", "--pid", "--fork", "--kill-child"] + (step.network ? [] : ["--net"])
        let environment = step.environment.map { "\($0.key)=\($0.value)" }.sorted()
        return try await Command(
            "unshare",
            namespaces + ["/bin/sh", "-c", lines.joined(separator: "\n"), "sh"] + environment + step.command
        ).stream(onLine)
    }

    private static func mount(_ source: String, at place: String, readOnly: Bool) -> [String] {
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: source, isDirectory: &isFolder)
        let parent = (place as NSString).deletingLastPathComponent
        return [
            isFolder.boolValue ? "mkdir -p \(place)" : "mkdir -p \(parent); [ -e \(place) ] || : > \(place)",
            "mount --bind \(source) \(place)",
        ] + (readOnly ? ["mount -o remount,bind,ro \(place)"] : [])
    }
}
