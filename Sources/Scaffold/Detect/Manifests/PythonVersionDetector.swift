import Model

/// Finds the version of Python that a project is to run with.
package enum PythonVersionDetector {
    /// Sets ``Facts/python``; nothing when there is no Python in the app's folder.
    package static func detect(_ context: inout ScanContext) {
        detect(&context, today: PythonRelease.today)
    }

    /// The same for another day, as ISO 8601 writes it.
    package static func detect(_ context: inout ScanContext, today: String) {
        let choice = ManifestChoice.find(in: context)
        let hasCode = context.project.files(under: context.root).contains { $0.hasSuffix(".py") }
        guard choice != nil || hasCode else { return }
        let bounds = bounds(choice, in: context)
        let ranges = bounds.compactMap { PythonRange($0.text, syntax: $0.syntax) }
        let wheels = WheelAges.limit(context.facts.dependencies)
        var decision = Decision(bounds: bounds, ranges: ranges, today: today, wheels: wheels)
        let compiled = choice.flatMap { choice in choice.manifest.compiledWith.map { ($0, choice.manifest.path) } }
        let choices = PythonChoices(context: context, compiled: compiled).all
        let minor = decision.choose(choices)
        var version = Facts.PythonVersion("3.\(minor)")
        if !bounds.isEmpty { version.constraint = bounds.map(\.text).joined(separator: ",") }
        version.evidence = decision.evidence + bounds.map { .init($0.place, "Python \($0.text)") }
        context.facts.python = version
        context.facts.warnings += decision.warnings
    }

    /// What the project's files allow.
    static func ranges(in context: ScanContext) -> [PythonRange] {
        bounds(ManifestChoice.find(in: context), in: context).compactMap { PythonRange($0.text, syntax: $0.syntax) }
    }

    /// Whether a file says which version runs the project, and not only which ones may.
    static func isNamed(in context: ScanContext) -> Bool {
        let choice = ManifestChoice.find(in: context)
        let compiled = choice.flatMap { choice in choice.manifest.compiledWith.map { ($0, choice.manifest.path) } }
        return PythonChoices(context: context, compiled: compiled).all.contains { $0.minor != nil && !$0.isHint }
    }

    // MARK: - Private

    /// The bounds of the chosen manifest and of the projects that stand around the code, each text once.
    private static func bounds(_ choice: ManifestChoice?, in context: ScanContext) -> [Manifest.PythonBound] {
        var bounds = choice?.manifest.python ?? []
        let start = TreePath.joined(context.root, context.facts.entry?.importRoot ?? "")
        var folders = TreePath.ancestors(of: start).filter { TreePath.lies($0, in: context.root) }
        folders += [choice?.manager.workspace, choice.map { TreePath.folder(of: $0.manifest.path) }].compactMap { $0 }
        for folder in folders {
            bounds += ManifestChoice.packageManifest(in: folder, of: context)?.python ?? []
            if let script = SetupScript(TreePath.joined(folder, "setup.py"), in: context) {
                bounds += script.manifest(in: context).python
            }
        }
        bounds += syntax(in: context)
        var seen: Set<String> = []
        return bounds.filter { bound in
            // It is printed and written into files: nothing but what a bound is made of.
            let isPlain = bound.text.allSatisfy {
                $0.isASCII && ($0.isLetter || $0.isNumber || " .,<>=!~^*|()-+".contains($0))
            }
            return isPlain && bound.text != "*" && !bound.text.isEmpty
                && seen.insert(bound.text.filter { $0 != " " }).inserted
        }
    }

    /// What the code itself asks for: its newest syntax, where the Python that reads it here does not know that.
    private static func syntax(in context: ScanContext) -> [Manifest.PythonBound] {
        let own = context.python.modules.filter { $0.syntax != nil && SyntaxProblem.isOwn($0.path, context) }
        guard let newest = own.max(by: { ($0.syntax ?? 0) < ($1.syntax ?? 0) }), let minor = newest.syntax else {
            return []
        }
        return [.init(text: ">=3.\(minor)", syntax: .pep440, place: Place(newest.path))]
    }

    /// Weighs what files name against the bounds.
    private struct Decision {
        let bounds: [Manifest.PythonBound]
        let ranges: [PythonRange]
        let today: String
        let wheels: WheelAges.Limit?
        var evidence: [Facts.Evidence] = []
        var warnings: [Facts.Warning] = []

        mutating func choose(_ choices: [PythonChoice]) -> Int {
            var chosen: (minor: Int, choice: PythonChoice)?
            for choice in choices {
                guard let minor = choice.minor else { continue }
                if !allows(choice, minor) {
                    if !choice.isHint { warnConflict(choice) }
                } else if choice.isHint, !isSupported(minor) || chosen != nil {
                    // Linters are told the oldest version that the code has to work with.
                    continue
                } else if let first = chosen {
                    if first.minor != minor, !choice.isHint { warnDifference(first.choice, choice) }
                } else {
                    chosen = (minor, choice)
                    evidence = [.init(choice.place, choice.what)]
                }
            }
            let minor = chosen?.minor ?? newest()
            warnIfEnded(minor)
            return minor
        }

        /// Whether all bounds allow what a file names; the newest patch is meant when it names none.
        private func allows(_ choice: PythonChoice, _ minor: Int) -> Bool {
            ranges.allSatisfy { range in
                choice.patch.map { range.allows(minor: minor, patch: $0) } == true || range.allowsAny(of: minor)
            }
        }

        /// The newest version that all bounds allow: settled and supported before ended ones.
        private mutating func newest() -> Int {
            let fitting = PythonRelease.all.reversed().filter { release in
                release.released <= today && ranges.allSatisfy { $0.allowsNewest(of: release.minor) }
            }
            let exact = PythonRelease.all.reversed().filter { release in
                release.released <= today && ranges.allSatisfy { $0.allowsAny(of: release.minor) }
            }
            let usable = withWheels(fitting.isEmpty ? exact : fitting)
            let settled = usable.filter { $0.isSettled(on: today) }
            if let best = settled.first(where: { $0.isSupported(on: today) })
                ?? usable.first(where: { $0.isSupported(on: today) })
            {
                return best.minor
            }
            if let ended = settled.first ?? usable.first { return ended.minor }
            if let first = bounds.first {
                let texts = bounds.map(\.text).joined(separator: " and ")
                warnings.append(.init("no version of Python that is known satisfies \(texts)", at: first.place))
            }
            return PythonRelease.all.last { $0.isSettled(on: today) }?.minor ?? 14
        }

        /// Those that the pinned packages can be installed on without a compiler; all of them when that leaves none.
        private mutating func withWheels(_ releases: [PythonRelease]) -> [PythonRelease] {
            guard let wheels else { return releases }
            let able = releases.filter { $0.minor <= wheels.minor && $0.isSupported(on: today) }
            guard !able.isEmpty, able.count < releases.count else { return releases }
            warnings.append(
                .init(
                    "\(wheels.pin) has no wheel for a Python after 3.\(wheels.minor), so that is not chosen: say which in .python-version"
                )
            )
            return able
        }

        private func isSupported(_ minor: Int) -> Bool {
            PythonRelease.all.first { $0.minor == minor }?.isSupported(on: today) ?? false
        }

        private mutating func warnConflict(_ choice: PythonChoice) {
            let text = bounds.map(\.text).joined(separator: ",")
            warnings.append(
                .init("\(choice.place) names Python \(choice.version), which \(text) does not allow", at: choice.place)
            )
        }

        private mutating func warnDifference(_ first: PythonChoice, _ second: PythonChoice) {
            let message = "\(first.place) names Python \(first.version), \(second.place) names \(second.version)"
            warnings.append(.init("\(message): the first is used", at: second.place))
        }

        private mutating func warnIfEnded(_ minor: Int) {
            guard let release = PythonRelease.all.first(where: { $0.minor == minor }), release.ended < today else {
                return
            }
            let place = evidence.first?.place ?? bounds.first?.place
            warnings.append(.init("Python \(release.name) gets no security fixes since \(release.ended)", at: place))
        }
    }
}
