import Model
import Toolkit

/// C21, C23: images that deploy files name.
enum ImageTagRules {
    static let all = [latest, oldRegistry]

    private static let latest = Rule(
        "C21",
        .warning,
        "Image without a version in a deploy file",
        why: "Nobody can say what runs, a restart may bring another version, and going back is impossible.",
        fix: "Name a version, or the digest.",
        reference: "kubernetes.io/docs/concepts/containers/images",
        exceptions: "names from a variable, images that Compose builds itself, files for development.",
        bad: ["compose.prod.yaml": "services:\n  proxy:\n    image: caddy:latest\n"],
        good: ["compose.prod.yaml": "services:\n  proxy:\n    image: caddy:2.10\n"],
        at: ["compose.prod.yaml:3"]
    ) { context in
        var seen: Set<String> = []
        return images(context).compactMap { text, place in
            guard let image = ImageReference(text), image.isFloating, seen.insert("\(place.file) \(text)").inserted
            else { return nil }
            return Finding(
                "C21",
                .warning,
                at: place,
                found: context.line(place),
                "\(text) is another image tomorrow",
                fix: "name a version"
            )
        }
    }

    private static let oldRegistry = Rule(
        "C23",
        .warning,
        "Image in Container Registry",
        why:
            "Container Registry was shut down on 2025-03-18. `gcr.io` works only for projects whose repository in Artifact Registry serves it.",
        fix: "Push to `REGION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE`.",
        reference: "cloud.google.com/artifact-registry/docs/transition/setup-gcr-repo",
        exceptions:
            "public images of Google and others; an error only when the target is Cloud Run and the name is a placeholder.",
        targets: [.cloudrun, .k8s],
        bad: [
            "cloudbuild.yaml":
                "steps:\n  - name: gcr.io/cloud-builders/docker\n    args: [push, gcr.io/my-project/shop:1.0.0]\n"
        ],
        good: [
            "cloudbuild.yaml":
                "steps:\n  - name: gcr.io/cloud-builders/docker\n    args: [push, us-central1-docker.pkg.dev/my-project/apps/shop:1.0.0]\n"
        ],
        at: ["cloudbuild.yaml:3"]
    ) { context in
        let paths =
            context.documents.keys.filter { path in
                path.hasPrefix(".github/workflows/") || TreePath.name(of: path).hasPrefix("cloudbuild")
                    || context.cloudRun.contains { $0.path == path }
            } + context.project.files.filter { $0.hasSuffix(".sh") && !context.isAside($0) }
        return paths.sorted().flatMap { path in registry(path, context) }
    }

    // MARK: - Private

    /// Every image of production with where it is named.
    private static func images(_ context: AuditContext) -> [(String, Place)] {
        var found: [(String, Place)] = []
        if context.concerns([.compose]) {
            for stack in context.stacks where stack.nature != .development {
                for service in stack.services where service.node["build"] == nil {
                    guard let node = service.node["image"], let text = node.string else { continue }
                    found.append((text, stack.place(node.position.line)))
                }
            }
        }
        if context.concerns([.k8s]) {
            for object in context.cluster where object.isWorkload || object.kind == "Job" || object.kind == "CronJob" {
                for container in object.containers + object.initContainers {
                    guard let node = container["image"], let text = node.string else { continue }
                    found.append((text, object.place(node)))
                }
            }
        }
        if context.concerns([.cloudrun]) {
            for service in context.cloudRun {
                for container in service.containers {
                    guard let node = container["image"], let text = node.string else { continue }
                    found.append((text, service.place(node)))
                }
            }
        }
        if context.concerns([.ecs]) {
            for (path, task) in context.taskDefinitions {
                for container in task["containerDefinitions"]?.items ?? [] {
                    guard let node = container["image"], let text = node.string else { continue }
                    found.append((text, Place(path, node.position.line)))
                }
            }
        }
        return found
    }

    private static func registry(_ path: String, _ context: AuditContext) -> [Finding] {
        guard let text = context.project.text(path), TextSearch.contains(text, "gcr.io/") else { return [] }
        let lines = text.textLines
        var findings: [Finding] = []
        for (index, line) in lines.enumerated() where !ImageWords.trimmed(line).hasPrefix("#") {
            for word in line.split(whereSeparator: { $0.isWhitespace || "\"'[],=".contains($0) }) {
                guard let range = word.firstRange(of: "gcr.io/") else { continue }
                let host = word[..<range.lowerBound]
                guard
                    ["", "us.", "eu.", "asia."].contains(where: { host.hasSuffix($0) && (host.isEmpty || host == $0) })
                else { continue }
                let project = word[range.upperBound...].prefix { $0 != "/" }
                guard !isPublic(String(project)), word[range.upperBound...].contains("/") else { continue }
                let place = Place(path, index + 1)
                findings.append(
                    Finding(
                        "C23",
                        .warning,
                        at: place,
                        found: context.line(place),
                        "gcr.io/\(project) was part of Container Registry, which is gone",
                        fix: "push to REGION-docker.pkg.dev"
                    )
                )
                return findings
            }
        }
        return findings
    }

    private static func isPublic(_ project: String) -> Bool {
        [
            "distroless", "cloud-builders", "google.com:cloudsdktool", "google.com", "kaniko-project",
            "cloudsql-docker",
            "google-containers", "google_containers", "cloud-sql-connectors", "buildpacks", "gke-release",
            "k8s-skaffold", "go-containerregistry",
            "cloud-marketplace", "k8s-minikube", "google-samples", "projectsigstore", "tekton-releases",
            "knative-releases", "datadoghq", "oss-fuzz-base",
        ].contains(project) || project.hasPrefix("k8s-staging")
    }
}
