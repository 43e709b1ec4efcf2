import Model

/// C32, C33, C35: workflows of GitHub Actions.
enum WorkflowRules {
    static let all = [pinning, permissions, updates]

    static let checkout = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"

    private static let pinning = Rule(
        "C32",
        .warning,
        "Action that is not pinned by its commit",
        why:
            "A tag can be moved to other code, which then runs with the workflow's secrets; it has happened to popular actions. Old majors no longer run.",
        fix: "`uses: owner/action@<commit> # v1.2.3`, kept up to date by Dependabot or Renovate.",
        reference:
            "docs.github.com/actions/security-guides/security-hardening-for-github-actions, \"Using third-party actions\"",
        exceptions: "local actions and images; tags of GitHub's own actions are a suggestion.",
        bad: [".github/workflows/ci.yml": workflow(uses: "astral-sh/setup-uv@v9")],
        good: [
            ".github/workflows/ci.yml": workflow(
                uses: "astral-sh/setup-uv@c771a70e6277c0a99b617c7a806ffedaca235ff9 # v9.0.0"
            )
        ],
        at: [".github/workflows/ci.yml:10"]
    ) { context in
        // One action is one decision, however many jobs use it.
        var places: [String: [Place]] = [:]
        for file in context.workflows {
            let calls =
                file.jobs.compactMap { job in job.node["uses"] }
                + file.jobs.flatMap(\.steps).compactMap { $0.node["uses"] }
            for node in calls {
                guard let text = node.string else { continue }
                places[text, default: []].append(file.place(node.position.line))
            }
        }
        return places.compactMap { text, all -> Finding? in
            guard let (severity, message) = weakness(of: text), let place = all.min() else { return nil }
            let more =
                all.count == 1 ? "" : ", here and at \(all.count - 1) more \(all.count == 2 ? "place" : "places")"
            return Finding(
                "C32",
                severity,
                at: place,
                found: context.line(place),
                message + more,
                fix: "name the commit, with the version behind #"
            )
        }.sorted { $0.place < $1.place }
    }

    private static let permissions = Rule(
        "C33",
        .warning,
        "Workflow with more rights or time than it needs",
        why:
            "Without `permissions` the token may write to the repository in many organisations; a hanging job costs six hours; two deploys at once mix.",
        fix:
            "`permissions: {}` at the top and per job; `timeout-minutes`; for deploys `concurrency` and `environment`.",
        reference:
            "docs.github.com/actions/writing-workflows/choosing-what-your-workflow-does/controlling-permissions-for-github_token",
        exceptions: "jobs that call another workflow; times and kept credentials are a suggestion.",
        bad: [".github/workflows/ci.yml": workflow(uses: checkout, permissions: false)],
        good: [".github/workflows/ci.yml": workflow(uses: checkout)],
        at: [".github/workflows/ci.yml:1"]
    ) { context in
        context.workflows.flatMap { file in rights(file, context) + times(file, context) + deploys(file, context) }
    }

    private static let updates = Rule(
        "C35",
        .warning,
        "Nobody looks for holes in the dependencies",
        why: "A known hole in a package stays in production until somebody happens to hear of it.",
        fix: "`pip-audit` in CI, or Dependabot or Renovate with alerts.",
        reference: "docs.github.com/code-security/dependabot; pypi.org/project/pip-audit",
        exceptions: "projects without workflows, and a scanner outside the repository: suppress it then.",
        bad: [
            ".github/workflows/ci.yml": workflow(uses: checkout, audit: false),
            "main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
        ],
        good: [
            ".github/workflows/ci.yml": workflow(uses: checkout),
            "main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
        ],
        at: [".github/workflows/ci.yml"]
    ) { context in
        guard let first = context.workflows.first, context.facts.manager != nil || !context.python.modules.isEmpty
        else { return [] }
        let files: Set<String> = [
            "dependabot.yml", "dependabot.yaml", "renovate.json", "renovate.json5", ".renovaterc", ".renovaterc.json",
            ".pyup.yml",
            ".snyk", ".deps.yml",
        ]
        guard !context.project.files.contains(where: { files.contains(TreePath.name(of: $0)) }) else { return [] }
        let words = [
            "pip-audit", "uv audit", "safety ", "trivy", "grype", "osv-scanner", "dependency-review-action", "snyk",
            "govulncheck",
            "scorecard", "renovate", "anchore", "docker scout", "pyup",
        ]
        let texts = context.workflows.compactMap { context.project.text($0.path) }
        guard !texts.contains(where: { text in words.contains { TextSearch.contains(text, $0) } }) else { return [] }
        return [
            Finding(
                "C35",
                .warning,
                at: Place(first.path),
                found: "",
                "no workflow checks the dependencies, and nothing updates them",
                fix: "add pip-audit, or .github/dependabot.yml"
            )
        ]
    }

    // MARK: - Examples

    static func workflow(uses: String, permissions: Bool = true, audit: Bool = true) -> String {
        """
        name: ci
        on: push
        \(permissions ? "permissions: {}\n" : "")jobs:
          test:
            runs-on: ubuntu-24.04
            timeout-minutes: 10
            steps:
              # The tests alone; nothing is deployed here.
              - uses: \(uses)
                with: {persist-credentials: false}
              - run: pytest
        \(audit ? "      - run: pip-audit -r requirements.txt\n" : "")
        """
    }

    // MARK: - Private

    /// Majors that GitHub no longer runs, or runs on a Node that has ended.
    ///
    /// > Source: github.blog/changelog, "GitHub Actions: All Actions will begin running on Node20", and the shutdown of
    /// > v1 to v3 of the artifact actions and v1, v2 of the cache action.
    private static let oldest: [String: Int] = [
        "actions/checkout": 4, "actions/setup-python": 5, "actions/cache": 4, "actions/upload-artifact": 4,
        "actions/download-artifact": 4, "actions/setup-node": 4, "docker/build-push-action": 5,
        "docker/login-action": 3,
        "docker/setup-buildx-action": 3, "docker/metadata-action": 5, "docker/setup-qemu-action": 3,
        "aws-actions/configure-aws-credentials": 4, "google-github-actions/auth": 2, "codecov/codecov-action": 4,
        "github/codeql-action/init": 3, "github/codeql-action/analyze": 3,
    ]

    private static func weakness(of uses: String) -> (Severity, String)? {
        guard !uses.hasPrefix("./"), !uses.hasPrefix("docker://"), !uses.contains("${{"),
            let at = uses.lastIndex(of: "@")
        else { return nil }
        let name = String(uses[..<at])
        let version = uses[uses.index(after: at)...]
        if version.count == 40, version.allSatisfy(\.isHexDigit) { return nil }
        if version.first == "v", let major = Int(version.dropFirst().prefix { $0.isNumber }), let least = oldest[name],
            major < least
        {
            return (.warning, "\(name) v\(major) is too old to run well: v\(least) at least")
        }
        let owner = name.prefix { $0 != "/" }
        let isOwn = owner == "actions" || owner == "github"
        let isBranch = ["main", "master", "develop", "trunk"].contains(String(version))
        if isBranch { return (.warning, "\(name)@\(version) is whatever the branch holds") }
        return (isOwn ? .info : .warning, "\(name)@\(version) can be moved to other code")
    }

    private static func finding(
        _ severity: Severity,
        _ place: Place,
        _ context: AuditContext,
        _ message: String,
        _ fix: String
    ) -> Finding {
        Finding("C33", severity, at: place, found: place.line == nil ? "" : context.line(place), message, fix: fix)
    }

    private static func rights(_ file: WorkflowFile, _ context: AuditContext) -> [Finding] {
        guard file.node["permissions"] == nil else { return [] }
        let open = file.jobs.filter { $0.node["permissions"] == nil && $0.node["uses"] == nil }
        guard !open.isEmpty else { return [] }
        return [
            finding(
                .warning,
                file.place(1),
                context,
                "the token has all rights that the repository gives",
                "permissions: {contents: read}"
            )
        ]
    }

    private static func times(_ file: WorkflowFile, _ context: AuditContext) -> [Finding] {
        let jobs = file.jobs.filter { $0.node["timeout-minutes"] == nil && $0.node["uses"] == nil }
        let kept = file.jobs.flatMap(\.steps).filter { step in
            step.uses?.hasPrefix("actions/checkout@") == true
                && step.node.at("with", "persist-credentials")?.scalar != "false"
        }
        return jobs.prefix(1).map { job in
            finding(.info, file.place(job.line), context, "\(job.name) may hang for six hours", "timeout-minutes: 15")
        }
            + kept.prefix(1).map { step in
                finding(
                    .info,
                    file.place(step.line),
                    context,
                    "the token stays in .git for all steps",
                    "persist-credentials: false"
                )
            }
    }

    private static func deploys(_ file: WorkflowFile, _ context: AuditContext) -> [Finding] {
        file.deploys.flatMap { job -> [Finding] in
            var missing: [String] = []
            if file.node["concurrency"] == nil, job.node["concurrency"] == nil { missing.append("concurrency") }
            if job.node["environment"] == nil { missing.append("environment") }
            guard !missing.isEmpty else { return [] }
            return [
                finding(
                    .warning,
                    file.place(job.line),
                    context,
                    "\(job.name) deploys without \(missing.joined(separator: " and "))",
                    "add it to the job"
                )
            ]
        }
    }
}
