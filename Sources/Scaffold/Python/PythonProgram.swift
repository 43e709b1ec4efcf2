/// A project's Python, and what is made of it: each thing once, shared by all detectors and rules.
package final class PythonProgram: Sendable {
    package let sources: PythonSources
    package let index: PythonIndex
    /// What follows names, finds routes and the like; ``ScanContext`` and ``AuditContext`` name the things in it.
    let memo = Memo()

    package init(_ sources: PythonSources) {
        self.sources = sources
        index = PythonIndex(sources)
    }
}
