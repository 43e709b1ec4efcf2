import Model

/// C20: task definitions of ECS.
enum TaskDefinitionRules {
    static let all = [definition]

    private static let definition = Rule(
        "C20",
        .error,
        "Task definition that ECS refuses or can't start",
        why:
            "Without an execution role a task can fetch neither secrets nor private images, nor write logs; a malformed ARN or size is refused.",
        fix:
            "Set `executionRoleArn`, whole ARNs with the account's 12 digits, and a pair of cpu and memory that Fargate has.",
        reference:
            "docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html, fargate-tasks-services.html",
        exceptions:
            "values with variables of a template; on EC2 a missing role is a warning, since the instance may have one.",
        targets: [.ecs],
        bad: ["ecs/taskdef.json": definition(role: nil)],
        good: ["ecs/taskdef.json": definition(role: "arn:aws:iam::123456789012:role/shop-execution")],
        at: ["ecs/taskdef.json:10"]
    ) { context in
        context.taskDefinitions.flatMap { path, task in
            role(path, task, context) + names(path, task, context) + size(path, task, context)
        }
    }

    // MARK: - Examples

    private static func definition(role: String?) -> String {
        """
        {
          "family": "shop",
          "networkMode": "awsvpc",
          "requiresCompatibilities": ["FARGATE"],
          "cpu": "512",
          "memory": "1024",\(role.map { "\n  \"executionRoleArn\": \"\($0)\"," } ?? "")
          "containerDefinitions": [{
            "name": "api",
            "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1.0.0",
            "secrets": [{"name": "KEY", "valueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf"}]
          }]
        }
        """
    }

    // MARK: - Private

    private static func finding(
        _ severity: Severity,
        _ place: Place,
        _ context: AuditContext,
        _ message: String,
        _ fix: String
    ) -> Finding {
        Finding("C20", severity, at: place, found: context.line(place), message, fix: fix)
    }

    private static func isFargate(_ task: ConfigNode) -> Bool {
        (task["requiresCompatibilities"]?.items ?? []).contains { $0.string == "FARGATE" }
    }

    /// Text that a tool fills in later.
    private static func isTemplate(_ text: String) -> Bool { ["$", "<", "{{", "%"].contains { text.contains($0) } }

    private static func role(_ path: String, _ task: ConfigNode, _ context: AuditContext) -> [Finding] {
        guard task["executionRoleArn"] == nil else { return [] }
        for container in task["containerDefinitions"]?.items ?? [] {
            let uses: [(ConfigNode?, String)] = [
                (container["secrets"], "secrets"), (container["repositoryCredentials"], "a private registry"),
                (container["logConfiguration"].flatMap { $0["logDriver"]?.string == "awslogs" ? $0 : nil }, "awslogs"),
                (container["image"].flatMap { $0.string?.contains(".dkr.ecr.") == true ? $0 : nil }, "an image of ECR"),
            ]
            guard let (node, what) = uses.first(where: { $0.0 != nil }), let node else { continue }
            let place = Place(path, node.position.line)
            return [
                finding(
                    isFargate(task) ? .error : .warning,
                    place,
                    context,
                    "\(what) needs an executionRoleArn, and there is none",
                    "add the role"
                )
            ]
        }
        return []
    }

    private static func names(_ path: String, _ task: ConfigNode, _ context: AuditContext) -> [Finding] {
        var findings: [Finding] = []
        for key in ["executionRoleArn", "taskRoleArn"] {
            guard let node = task[key], let text = node.string, text.hasPrefix("arn:"), !isTemplate(text), !isARN(text)
            else { continue }
            findings.append(
                finding(
                    .error,
                    Place(path, node.position.line),
                    context,
                    "\(key) is no whole ARN",
                    "arn:aws:iam::<12 digits>:role/<name>"
                )
            )
        }
        for container in task["containerDefinitions"]?.items ?? [] {
            if let node = container["image"], let text = node.string, !isTemplate(text),
                let range = text.firstRange(of: ".dkr.ecr.")
            {
                let account = text[..<range.lowerBound]
                if account.count != 12 || !account.allSatisfy(\.isNumber) {
                    let place = Place(path, node.position.line)
                    findings.append(
                        finding(
                            .error,
                            place,
                            context,
                            "the account of the image has \(account.count) digits, not 12",
                            "write the account's number"
                        )
                    )
                }
            }
            for secret in container["secrets"]?.items ?? [] {
                guard let node = secret["valueFrom"], let text = node.string, text.hasPrefix("arn:"), !isTemplate(text),
                    !isARN(text)
                else { continue }
                let name = secret["name"]?.scalar ?? "a secret"
                findings.append(
                    finding(
                        .error,
                        Place(path, node.position.line),
                        context,
                        "the ARN of \(name) is not whole",
                        "arn:aws:secretsmanager:<region>:<12 digits>:secret:<name>"
                    )
                )
            }
        }
        return findings
    }

    /// `arn:partition:service:region:account:resource` with a real region and account.
    private static func isARN(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 6, parts[1].hasPrefix("aws"), !parts[2].isEmpty, !parts[5].isEmpty else { return false }
        let account = parts[4]
        guard account.count == 12, account.allSatisfy(\.isNumber) else { return false }
        return parts[2] == "iam" ? parts[3].isEmpty : parts[3].split(separator: "-").count >= 3
    }

    /// Sizes of Fargate: CPU units to the MiB that go with them.
    ///
    /// > Source: docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html, "Task CPU and memory".
    private static let sizes: [Int: [Int]] = [
        256: [512, 1024, 2048], 512: Array(stride(from: 1024, through: 4096, by: 1024)),
        1024: Array(stride(from: 2048, through: 8192, by: 1024)),
        2048: Array(stride(from: 4096, through: 16_384, by: 1024)),
        4096: Array(stride(from: 8192, through: 30_720, by: 1024)),
        8192: Array(stride(from: 16_384, through: 61_440, by: 4096)),
        16_384: Array(stride(from: 32_768, through: 122_880, by: 8192)),
    ]

    private static func size(_ path: String, _ task: ConfigNode, _ context: AuditContext) -> [Finding] {
        guard isFargate(task) else { return [] }
        guard let cpu = task["cpu"], let memory = task["memory"] else {
            let place = Place(path, task["requiresCompatibilities"]?.position.line ?? task.position.line)
            return [finding(.error, place, context, "Fargate needs cpu and memory of the task", "add both")]
        }
        // `.5 vCPU` and `1 GB` are allowed too.
        guard let units = cpu.integer, let size = memory.integer else { return [] }
        let place = Place(path, memory.position.line)
        guard let allowed = sizes[units] else {
            return [
                finding(
                    .error,
                    Place(path, cpu.position.line),
                    context,
                    "Fargate has no \(units) CPU units",
                    "256, 512, 1024, 2048, …"
                )
            ]
        }
        guard !allowed.contains(size), let low = allowed.first, let high = allowed.last else { return [] }
        return [
            finding(.error, place, context, "\(units) CPU units don't go with \(size) MiB", "\(low) to \(high) MiB")
        ]
    }
}
