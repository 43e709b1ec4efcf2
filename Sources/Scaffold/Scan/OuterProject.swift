import Foundation
package import Model
import Toolkit

/// What the project in a folder is made from and lies above that folder: the root of its workspace, packages beside it.
///
/// A scan and an upload of the folder alone have neither.
package struct OuterProject: Equatable, Sendable {
    /// The folder to launch from: a path as the user gave it, with `..` where it has to be.
    package var top: String
    /// The app's folder from there on.
    package var member: String
    /// What is above, with the place that says so.
    package var reason: String
    /// The build would fail; else it would only take other versions than the lock above has.
    package var isNeeded: Bool

    /// Looks above a folder on disk, for what its manifests name.
    ///
    /// - Parameters:
    ///   - folder: that was scanned, as the user gave it.
    ///   - scan: of that folder.
    /// - Returns: nil when nothing above is missed.
    package static func find(above folder: String, _ scan: ScanResult) -> OuterProject? {
        let project = scan.context.project
        let own = scan.facts.manager?.manifest.map { TreePath.folder(of: $0) } ?? scan.facts.root
        let manifest = Pyproject(TreePath.joined(own, "pyproject.toml"), in: scan.context)
        // What the tree itself holds is there.
        let isInside = scan.facts.manager?.workspace != nil
        // A list of requirements is what is installed, whatever the manifest says.
        let isListed = scan.facts.manager?.name == .pip && scan.facts.manager?.lock != nil
        let wanted = isInside || isListed ? [] : manifest.map { members($0) } ?? []
        let start = absolute(TreePath.joined("", own), in: folder)
        if !isInside, !isListed, let root = workspace(above: start, from: absolute("", in: folder)) {
            var names = wanted.map(\.what)
            names += (manifest?.requirements ?? []).filter(root.names.contains)
            let isLocked = scan.facts.manager?.lock != nil || scan.facts.existing.dockerfile != nil
            guard !names.isEmpty || !isLocked else { return nil }
            let file = "\(up(from: folder, to: root.folder))/pyproject.toml"
            let what = Set(names).sorted().prefix(3).joined(separator: ", ")
            let reason =
                names.isEmpty
                ? "this is a member of the uv workspace of \(file), whose lock is for all of them"
                : "\(what): of the uv workspace of \(file), which lies above this folder"
            return OuterProject(folder, root.folder, start, reason, isNeeded: !names.isEmpty)
        }
        if let one = wanted.first {
            let reason = "\(one.place) takes \(one.what) from a uv workspace, and no pyproject.toml above has it"
            return OuterProject(top: "", member: own, reason: reason, isNeeded: true)
        }
        return beside(folder, own, project, scan.context)
    }

    /// Says what is missed, and the command that has it.
    package func fault() -> Fault {
        guard !top.isEmpty else {
            return Fault(.unsupported, reason, hint: "launch from the workspace's root: roost launch --root \(member)")
        }
        let command = "roost launch --root \(Quoting.shell(member))"
        return Fault(
            .unsupported,
            "\(Quoting.comment(reason)), so it can't be deployed alone",
            hint: "launch it from there: " + (top == "." ? command : "cd \(Quoting.shell(top)) && \(command)")
        )
    }

    // MARK: - Private

    private struct Reference {
        var what: String
        var place: Place
    }

    private init(top: String, member: String, reason: String, isNeeded: Bool) {
        self.top = top
        self.member = member
        self.reason = reason
        self.isNeeded = isNeeded
    }

    private init(_ folder: String, _ top: String, _ app: String, _ reason: String, isNeeded: Bool) {
        let member = app.dropFirst(top.count).drop { $0 == "/" }
        self.init(top: Self.up(from: folder, to: top), member: String(member), reason: reason, isNeeded: isNeeded)
    }

    /// More folders than this are above no project.
    private static let maximumDepth = 16

    private static func absolute(_ path: String, in folder: String) -> String {
        let base = URL(fileURLWithPath: folder, isDirectory: true).standardizedFileURL.resolvingSymlinksInPath()
        return (path.isEmpty ? base : base.appending(path: path)).standardizedFileURL.path(percentEncoded: false)
            .trimmedSlashes
    }

    /// A folder above one that the user named, from where the user stands.
    private static func up(from folder: String, to top: String) -> String {
        if folder.hasPrefix("/") { return top }
        let here = absolute("", in: ".").split(separator: "/")
        let there = top.split(separator: "/")
        let shared = zip(here, there).prefix { $0 == $1 }.count
        let parts = here.dropFirst(shared).map { _ in ".." } + there.dropFirst(shared).map(String.init)
        return parts.isEmpty ? "." : parts.joined(separator: "/")
    }

    /// The root of a uv workspace that has the folder `start` as a member and lies above all that was scanned.
    private static func workspace(above start: String, from scanned: String) -> (folder: String, names: Set<String>)? {
        var folder = scanned
        for _ in 0..<maximumDepth where folder != "/" && !folder.isEmpty {
            folder = URL(fileURLWithPath: folder).deletingLastPathComponent().path(percentEncoded: false).trimmedSlashes
            guard let data = ProjectWalk.contents(of: "\(folder)/pyproject.toml", limit: Project.maximumFileBytes)
            else { continue }
            let files = ["pyproject.toml": String(decoding: data, as: UTF8.self)]
            guard let file = Pyproject("pyproject.toml", in: Scan.context(Project(files: files))) else { continue }
            let member = start.dropFirst(folder.count).drop { $0 == "/" }
            if file.workspaceHas(String(member)) { return (folder, Set(members(file).map(\.what))) }
        }
        return nil
    }

    /// Dependencies that `[tool.uv.sources]` takes from a workspace.
    private static func members(_ file: Pyproject) -> [Reference] {
        (file.root.at("tool", "uv", "sources")?.entries ?? []).compactMap { entry in
            guard entry.node["workspace"]?.value == .boolean(true) else { return nil }
            return Reference(what: Requirement.normalised(entry.key), place: Place(file.path, entry.node.position.line))
        }
    }

    /// A package that a manifest names by a path which leads out of the folder.
    private static func beside(
        _ folder: String,
        _ own: String,
        _ project: Project,
        _ context: ScanContext
    )
        -> OuterProject?
    {
        let scanned = absolute("", in: folder)
        for (text, place) in OuterPaths.all(in: context, folder: own) {
            let from = absolute(TreePath.folder(of: place.file), in: folder)
            let target = absolute("", in: "\(from)/\(text)")
            guard target != scanned, !target.hasPrefix(scanned + "/"), target != "/" else { continue }
            var top = scanned
            while top.count > 1, target != top, !target.hasPrefix(top + "/") {
                top = URL(fileURLWithPath: top).deletingLastPathComponent().path(percentEncoded: false).trimmedSlashes
            }
            guard top.count > 1, FileManager.default.fileExists(atPath: target) else { continue }
            let reason = "\(place) takes \(text), which lies above this folder"
            return OuterProject(folder, top, absolute(own, in: folder), reason, isNeeded: true)
        }
        return nil
    }
}

extension Pyproject {
    /// The names of what its `[project]` table depends on.
    fileprivate var requirements: [String] {
        (root.at("project", "dependencies")?.items ?? []).compactMap { $0.string.flatMap { Requirement($0)?.name } }
    }
}

extension String {
    fileprivate var trimmedSlashes: String {
        var text = self
        while text.count > 1, text.hasSuffix("/") { text.removeLast() }
        return text
    }
}
