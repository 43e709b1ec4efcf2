import Model
import Toolkit

/// What a Dockerfile copies from the project and a build would not find there.
struct MissingCopy: Equatable {
    var place: Place
    /// As the Dockerfile names it.
    var name: String
    /// It is there, and the ignore file keeps it from the build.
    var ignoreFile: String?

    /// The first of the Dockerfile that the facts name; nil when it finds all, or when that can't be told.
    static func first(_ facts: Facts, _ project: Project) -> MissingCopy? {
        guard let path = facts.existing.dockerfile, let text = project.text(path), !Stamp.isIn(text) else { return nil }
        let file = Dockerfile.parse(text, path: path)
        guard let stage = file.stage(target: facts.existing.dockerTarget) else { return nil }
        let folder = facts.existing.dockerContext ?? TreePath.folder(of: path)
        let build = BuildContext(project, folder: folder, dockerfile: path)
        for part in ProductionImage.contributing(stage, in: file) {
            let known = file.image(of: part).variables
            for (item, sources, _) in ProductionImage.copies(in: [part]) {
                for source in sources {
                    let plain = TreePath.joined("", Variables.expand(source) { known[$0] })
                    // Patterns find what there is, and a variable may be given to the build.
                    guard !plain.isEmpty, !plain.contains(where: { "*?[$".contains($0) }) else { continue }
                    let place = Place(path, item.line)
                    guard project.exists(TreePath.joined(folder, plain)) else {
                        return MissingCopy(place: place, name: source)
                    }
                    guard let ignore = build.ignoreFile, !build.isUnknown, build.leavesOut(plain),
                        build.files(of: [plain]).isEmpty
                    else { continue }
                    return MissingCopy(place: place, name: source, ignoreFile: ignore)
                }
            }
        }
        return nil
    }

    /// What each text of this has.
    static let word = " copies "

    /// `Dockerfile:4 copies conf/prod.yaml, which is not there`.
    var text: String {
        let reason = ignoreFile.map { "which \(Quoting.comment($0)) leaves out" } ?? "which is not there"
        return "\(Quoting.comment(place.description))\(Self.word)\(Quoting.comment(name)), \(reason)"
    }
}
