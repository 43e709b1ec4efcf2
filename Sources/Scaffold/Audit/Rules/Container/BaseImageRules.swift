import Model
import Toolkit

/// D05, D06: the images that a Dockerfile starts from.
enum BaseImageRules {
    static let all = [unpinned, outdatedPython]

    private static let unpinned = Rule(
        "D05",
        .warning,
        "Base image without a version",
        why:
            "`latest` is another image tomorrow: a build that worked breaks, or brings what nobody tested. A tag moves too, only slower.",
        fix: "Name a version, and best the digest: `python:3.14-slim@sha256:…`.",
        reference: "docs.docker.com/build/building/best-practices, \"Pin base image versions\"",
        exceptions:
            "`scratch`, stages of the same file, names from a variable; without a digest it is a suggestion, of public registries only.",
        bad: ["Dockerfile": "FROM python\nUSER 10001\nHEALTHCHECK NONE\nCMD [\"python\", \"-m\", \"shop\"]\n"],
        good: [
            "Dockerfile":
                "FROM python:3.14-slim@sha256:0000000000000000000000000000000000000000000000000000000000000000\nUSER 10001\nHEALTHCHECK NONE\nCMD [\"python\", \"-m\", \"shop\"]\n"
        ],
        at: ["Dockerfile:1"]
    ) { context in
        guard let image = context.image else { return [] }
        var seen: Set<String> = []
        return sources(of: image).compactMap { name, line in
            guard seen.insert(name).inserted, let reference = ImageReference(name), reference.repository != "scratch"
            else { return nil }
            guard reference.digest == nil else { return nil }
            let place = Place(image.path, line)
            if reference.isFloating {
                return Finding(
                    "D05",
                    .warning,
                    at: place,
                    found: context.line(place),
                    "\(name) has no version",
                    fix: "name a version"
                )
            }
            guard isPublic(reference) else { return nil }
            return Finding(
                "D05",
                .info,
                at: place,
                found: context.line(place),
                "\(name) has no digest, so it changes under the same name",
                fix: "add its digest: docker buildx imagetools inspect \(name)"
            )
        }
    }

    private static let outdatedPython = Rule(
        "D06",
        .error,
        "Python without security fixes, or not the one that the project asks for",
        why:
            "A version past its end gets no fixes, and new releases of packages drop it. Outside `requires-python` the install refuses.",
        fix: "Use the newest version that the project allows.",
        reference: "devguide.python.org/versions",
        exceptions:
            "images that are not the official ones: vendors keep old versions safe. A version that ended less than a year ago is a warning.",
        bad: ["Dockerfile": "FROM python:3.8-slim\nUSER 10001\nHEALTHCHECK NONE\nCMD [\"python\", \"-m\", \"shop\"]\n"],
        good: [
            "Dockerfile": "FROM python:3.13-slim\nUSER 10001\nHEALTHCHECK NONE\nCMD [\"python\", \"-m\", \"shop\"]\n"
        ],
        at: ["Dockerfile:1"]
    ) { context in
        guard let image = context.image, let minor = image.base?.pythonMinor else { return declared(context) }
        let line = image.lineage.first?.line ?? 1
        let place = Place(image.path, line)
        var findings = ended(minor, at: place, context)
        if let constraint = context.facts.python?.constraint, let manager = context.facts.manager,
            manager.name != .pip || manager.installsProject
        {
            let syntax: PythonRange.Syntax = manager.name == .poetry && !constraint.contains(">") ? .poetry : .pep440
            if let range = PythonRange(constraint, syntax: syntax), !range.allowsAny(of: minor) {
                // uv fetches a Python that fits, which the image then carries twice.
                let fetches =
                    manager.name == .uv
                    && !["never", "manual"].contains(image.facts.variables["UV_PYTHON_DOWNLOADS"] ?? "")
                findings.append(
                    Finding(
                        "D06",
                        fetches ? .warning : .error,
                        at: place,
                        found: context.line(place),
                        "the image has Python 3.\(minor), the project asks for \(constraint)",
                        fix: "use an image that it allows"
                    )
                )
            }
        }
        return findings
    }

    // MARK: - Private

    /// What `FROM` and `COPY --from` name, without stages.
    private static func sources(of image: ProductionImage) -> [(name: String, line: Int)] {
        let names = Set(image.file.stages.compactMap { $0.name?.lowercased() })
        var found = image.stages.filter { !names.contains($0.base.lowercased()) }.map { ($0.base, $0.line) }
        for item in image.stages.flatMap(\.instructions) {
            for flag in item.flags where flag.name == "from" {
                guard !names.contains(flag.value.lowercased()), Int(flag.value) == nil else { continue }
                found.append((flag.value, item.line))
            }
        }
        return found
    }

    /// Registries of one's own often have tags that never move.
    private static func isPublic(_ name: ImageReference) -> Bool {
        guard let registry = name.registry else { return true }
        return ["ghcr.io", "quay.io", "public.ecr.aws", "gcr.io", "mcr.microsoft.com", "registry.k8s.io"].contains(
            registry
        )
    }

    private static func ended(_ minor: Int, at place: Place, _ context: AuditContext) -> [Finding] {
        guard let release = PythonRelease.named("3.\(minor)"), release.ended < PythonRelease.today else { return [] }
        let year = Int(PythonRelease.today.prefix(4)) ?? 0
        let isLong = release.ended < "\(year - 1)\(PythonRelease.today.dropFirst(4))"
        return [
            Finding(
                "D06",
                isLong ? .error : .warning,
                at: place,
                found: context.line(place),
                "Python \(release.name) got its last fix on \(release.ended)",
                fix: "raise it to a version that is kept safe"
            )
        ]
    }

    /// Without an image: what a platform would take.
    private static func declared(_ context: AuditContext) -> [Finding] {
        guard context.facts.kind == .app, context.dockerfile == nil, let python = context.facts.python,
            let evidence = python.evidence.first
        else { return [] }
        guard !context.isAside(evidence.place.file), let minor = Int(python.chosen.dropFirst(2)) else { return [] }
        return ended(minor, at: evidence.place, context).map { finding in
            var finding = finding
            // A bound only allows an old version, it does not choose it.
            finding.severity = min(finding.severity, .warning)
            return finding
        }
    }
}
