/// A change to the project's own code that is offered, and never made without being asked for.
package struct CodePatch: Codable, Equatable, Sendable {
    /// `health routes`.
    package var title: String
    /// The rules of the audit that it satisfies: `A06`.
    package var rules: [String]
    /// Relative to the scanned folder.
    package var path: String
    /// For `patch -p1` in the scanned folder.
    package var diff: String
    /// The file afterwards.
    package var text: String

    /// All that can be offered for a project, in a fixed order; each is against the file as it is.
    package static func offered(_ facts: Facts, project: Project, python: PythonSources) -> [CodePatch] {
        guard facts.kind == .app else { return [] }
        let index = PythonIndex(python)
        var patches: [CodePatch] = []
        if let site = AppSite.find(facts, project: project, index: index) {
            patches += [
                HealthPatch.make(facts, site), DocumentationPatch.make(facts, site), LifespanPatch.make(site, python),
            ].compactMap { $0 }
        }
        patches += OriginsPatch.make(project: project, python: python)
        patches += [MigrationLockPatch.make(facts, project: project, index: index)].compactMap { $0 }
        return patches
    }

    /// Nil when the edits can't be made or change nothing.
    static func make(_ title: String, _ rules: [String], path: String, _ edit: PythonEdit) -> CodePatch? {
        guard let text = edit.result else { return nil }
        let old = String(decoding: edit.source.bytes, as: UTF8.self)
        let diff = UnifiedDiff.make(old: old, new: text, path: path)
        return diff.isEmpty ? nil : CodePatch(title: title, rules: rules, path: path, diff: diff, text: text)
    }
}
