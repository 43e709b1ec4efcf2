import Model

/// A workflow of GitHub Actions.
struct WorkflowFile: Sendable {
    struct Step: Sendable {
        let node: ConfigNode
        let job: String

        var uses: String? { node["uses"]?.string }
        var run: String? { node["run"]?.string }
        var line: Int { node.position.line }
    }

    struct Job: Sendable {
        let name: String
        let node: ConfigNode
        let line: Int
        let steps: [Step]

        var needs: [String] {
            guard let needs = node["needs"] else { return [] }
            return needs.string.map { [$0] } ?? needs.items.compactMap(\.string)
        }

        /// Steps' shell text.
        var shell: String { steps.compactMap(\.run).joined(separator: "\n") }
    }

    let path: String
    let node: ConfigNode
    let jobs: [Job]
    let triggers: Set<String>

    init?(_ path: String, _ node: ConfigNode) {
        guard let entries = node["jobs"]?.entries, !entries.isEmpty else { return nil }
        self.path = path
        self.node = node
        jobs = entries.map { entry in
            let steps = (entry.node["steps"]?.items ?? []).map { Step(node: $0, job: entry.key) }
            return Job(name: entry.key, node: entry.node, line: entry.keyPosition.line, steps: steps)
        }
        // YAML 1.1 reads `on` as true; this reader does not.
        let on = node["on"] ?? node["true"]
        triggers = Set(
            on?.string.map { [$0] } ?? [] + (on?.items ?? []).compactMap(\.string) + (on?.entries ?? []).map(\.key)
        )
    }

    func place(_ line: Int?) -> Place { Place(path, line) }

    /// Jobs that bring something to production.
    var deploys: [Job] { jobs.filter(\.deploys) }

    /// All jobs that one waits for, directly or not.
    func ancestors(of job: Job) -> [Job] {
        var waiting = job.needs
        var seen: Set<String> = []
        while let name = waiting.popLast() {
            guard seen.insert(name).inserted, let next = jobs.first(where: { $0.name == name }) else { continue }
            waiting += next.needs
        }
        return jobs.filter { seen.contains($0.name) }
    }
}

extension WorkflowFile.Job {
    /// Whether it changes what runs somewhere.
    var deploys: Bool {
        if steps.contains(where: { $0.uses.map(Self.isDeployAction) ?? false }) { return true }
        return RunCommands.all(in: shell).contains(where: Self.isDeployCommand)
    }

    /// Whether it runs the project's tests.
    var tests: Bool {
        let words = [
            "pytest", "unittest", "tox", "nox", "make test", "make ci", "npm test", "manage.py test", "coverage run",
            "behave", "hatch test", "task test", "just test",
        ]
        if words.contains(where: shell.contains) { return true }
        let calls = node["uses"]?.string ?? ""
        return calls.contains("test") || calls.contains("/ci") || name.lowercased().hasPrefix("test")
            || shell.contains("test.sh")
    }

    // MARK: - Private

    private static func isDeployAction(_ uses: String) -> Bool {
        [
            "superfly/flyctl-actions@", "google-github-actions/deploy-cloudrun",
            "aws-actions/amazon-ecs-deploy-task-definition",
            "akhileshns/heroku-deploy", "azure/webapps-deploy", "azure/k8s-deploy", "digitalocean/app_action",
            "appleboy/ssh-action", "azure/container-apps-deploy-action",
        ].contains { uses.lowercased().hasPrefix($0) }
    }

    private static func isDeployCommand(_ words: [String]) -> Bool {
        let text = words.prefix(4).joined(separator: " ")
        let commands = [
            "kubectl set image", "kubectl apply", "kubectl rollout restart", "fly deploy", "flyctl deploy",
            "gcloud run deploy",
            "gcloud run services replace", "aws ecs update-service", "helm upgrade", "railway up", "roost deploy",
            "heroku container:release", "gcloud app deploy", "eb deploy", "az webapp up", "docker stack deploy",
            "cdk deploy",
            "docker compose up", "docker-compose up", "serverless deploy",
        ]
        guard commands.contains(where: text.hasPrefix) else {
            return words.first.map { TreePath.name(of: $0) == "deploy.sh" } ?? false
        }
        // Services for a test are no deployment.
        return !text.hasPrefix("docker") || text.contains("stack")
    }
}

extension AuditContext {
    /// The project's workflows, in the order of their paths.
    var workflows: [WorkflowFile] {
        memo.value("workflows") {
            documents.keys.sorted().filter {
                $0.hasPrefix(".github/workflows/") && TreePath.folder(of: $0) == ".github/workflows"
            }
            .compactMap { path in documents[path]?.first.flatMap { WorkflowFile(path, $0) } }
        }
    }
}
