import Model
import Toolkit

/// Task definitions for Fargate, one for each kind of process.
struct ECSExport {
    private let plan: ExportPlan

    static func export(_ plan: ExportPlan) -> Generated {
        let export = ECSExport(plan: plan)
        var writer = TreeWriter()
        writer.hidesVariables = true
        var result = Generated()
        for unit in plan.running {
            let name = unit.name == plan.web?.name ? "ecs-taskdef.json" : "ecs-taskdef-\(unit.name).json"
            result.files.append(Artefact(name, writer.json(export.task(unit))))
        }
        result.needed = export.needed
        result.notes = export.notes
        return result
    }

    // MARK: - Private

    private func family(_ unit: ExportPlan.Unit) -> String {
        unit.name == plan.web?.name ? plan.name : "\(plan.name)-\(unit.name)"
    }

    private func task(_ unit: ExportPlan.Unit) -> Tree {
        let size = FargateSize(unit.guest)
        var volumes: [Tree] = [["name": "tmp"]]
        volumes += unit.scratch.indices.map { ["name": .string("scratch-\($0)")] }
        volumes += unit.volumes.map { volume in
            let file: Tree = [
                "fileSystemId": .template("${EFS_FILE_SYSTEM_ID}"), "transitEncryption": "ENABLED",
                "rootDirectory": .string("/\(plan.name)/\(volume.name)"),
            ]
            return ["name": .string(volume.name), "efsVolumeConfiguration": file]
        }
        return [
            "family": .string(family(unit)),
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": .string(String(size.cpu)),
            "memory": .string(String(size.memory)),
            "runtimePlatform": ["cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"],
            "executionRoleArn": .template("arn:aws:iam::${AWS_ACCOUNT_ID}:role/\(plan.name)-execution"),
            "taskRoleArn": .template("arn:aws:iam::${AWS_ACCOUNT_ID}:role/\(plan.name)-task"),
            "volumes": .list(volumes),
            "containerDefinitions": [container(unit)],
        ]
    }

    private func container(_ unit: ExportPlan.Unit) -> Tree {
        let isWeb = unit.name == plan.web?.name
        let logs: Tree = [
            "awslogs-group": .string("/ecs/\(plan.name)"), "awslogs-region": .template("${AWS_REGION}"),
            "awslogs-stream-prefix": .string(unit.name), "mode": "non-blocking", "max-buffer-size": "25m",
        ]
        return [
            "name": .string(unit.name),
            "image": plan.image.map(Tree.string) ?? .template("${IMAGE}"),
            "essential": true,
            "user": plan.isStrict ? "10001:10001" : nil,
            "readonlyRootFilesystem": plan.isStrict ? true : nil,
            "entryPoint": unit.entrypoint.map(Tree.strings),
            "command": unit.command.map(Tree.strings),
            // Fargate allows two minutes and no more.
            "stopTimeout": .integer(min(plan.graceSeconds, 120)),
            "linuxParameters": ["capabilities": ["drop": ["ALL"]]],
            "mountPoints": mounts(unit),
            "portMappings": ports(unit).orNil,
            "environment": environment,
            "secrets": secrets.orNil,
            "logConfiguration": ["logDriver": "awslogs", "options": logs],
            "healthCheck": isWeb ? healthCheck : nil,
        ]
    }

    private func mounts(_ unit: ExportPlan.Unit) -> Tree {
        var mounts: [Tree] = [["sourceVolume": "tmp", "containerPath": "/tmp"]]
        for (index, path) in unit.scratch.enumerated() {
            mounts.append(["sourceVolume": .string("scratch-\(index)"), "containerPath": .string(path)])
        }
        for volume in unit.volumes {
            mounts.append(["sourceVolume": .string(volume.name), "containerPath": .string(volume.path)])
        }
        return .list(mounts)
    }

    private func ports(_ unit: ExportPlan.Unit) -> Tree {
        var ports: [Tree] = []
        if let port = unit.port {
            ports.append(["name": "http", "containerPort": .integer(port), "protocol": "tcp", "appProtocol": "http"])
        }
        var known = Set([unit.port].compactMap { $0 })
        for port in unit.ports where known.insert(port.internal).inserted {
            ports.append(["containerPort": .integer(port.internal), "protocol": "tcp"])
        }
        return .list(ports)
    }

    private var environment: Tree {
        var pairs: [(String, Tree)] = plan.env.map { ($0.name, .string($0.value)) }
        let known = plan.env.map(\.name)
        for (name, value) in plan.serverValues(for: .ecs) where !known.contains(name) { pairs.append((name, value)) }
        return .list(pairs.map { ["name": .string($0.0), "value": $0.1] })
    }

    /// One secret of Secrets Manager whose text is JSON with a key for each variable.
    private var secrets: Tree {
        .list(
            plan.variables.filter(\.isRequired).map { variable in
                ["name": .string(variable.name), "valueFrom": .template("${SECRET_ARN}:\(variable.name)::")]
            }
        )
    }

    private var healthCheck: Tree? {
        guard let words = plan.healthCommand else { return nil }
        return [
            "command": .strings(["CMD"] + words),
            "interval": .integer(min(max(plan.probe.intervalSeconds, 5), 300)),
            "timeout": .integer(min(max(plan.probe.timeoutSeconds, 2), 60)),
            "retries": 3,
            "startPeriod": .integer(min(max(plan.probe.graceSeconds, 30), 300)),
        ]
    }

    private var needed: [String] {
        var needed = [
            "AWS_ACCOUNT_ID: 12 digits", "AWS_REGION",
            "put in with envsubst, named one by one: '$AWS_ACCOUNT_ID $AWS_REGION …'",
        ]
        if plan.isASGI { needed.append("VPC_CIDR: the network of the load balancer, from which headers are trusted") }
        if plan.image == nil { needed.append("IMAGE: the image in ECR, with its tag or digest") }
        if plan.units.contains(where: { !$0.volumes.isEmpty }) {
            needed.append("EFS_FILE_SYSTEM_ID: a file system with one folder for each volume")
        }
        let names = plan.variables.filter(\.isRequired).map(\.name)
        if !names.isEmpty { needed.append("SECRET_ARN: a secret with the JSON keys \(names.joined(separator: ", "))") }
        needed.append("roles \(plan.name)-execution (pulls, logs, secrets) and \(plan.name)-task (what the app may do)")
        return needed
    }

    private var notes: [String] {
        var notes: [String] = []
        let optional = plan.variables.filter { !$0.isRequired }.map(\.name)
        if !optional.isEmpty {
            notes.append(
                "optional secrets are left out, since a missing one is refused: \(optional.joined(separator: ", "))"
            )
        }
        if let release = plan.release { notes.append(migration(release)) }
        if plan.healthCommand == nil, plan.web != nil {
            notes.append("no health check in the container: let the target group ask \(plan.probe.ready ?? "the port")")
        }
        for unit in plan.running where !unit.volumes.isEmpty && plan.facts.database?.engine == .sqlite {
            notes.append("\(unit.name): SQLite on EFS locks slowly and not in WAL mode; PostgreSQL fits Fargate better")
        }
        for unit in plan.running {
            let size = FargateSize(unit.guest)
            notes.append(
                "\(unit.name) gets \(size.cpu) CPU units and \(size.memory) MiB, the least of Fargate's sizes that fits"
            )
        }
        if let port = plan.web?.port, port < 1024 {
            notes.append("port \(port) is below 1024: check that user 10001 may listen on it, or move the app above")
        }
        return notes
    }

    /// The one-off task before a release, as a command.
    private func migration(_ release: ExportPlan.Release) -> String {
        let unit = plan.web ?? plan.units[0]
        // A task can't change its folder, so a shell has to.
        let words = release.workingDirectory.map { folder in
            ["sh", "-c", "cd \(Quoting.shell(folder)) && exec \(Quoting.shell(release.command))"]
        }
        var container: Tree = ["name": .string(unit.name), "command": .strings(words ?? release.command)]
        if let guest = release.guest {
            let size = FargateSize(guest)
            container = container.with("cpu", .integer(size.cpu)).with("memory", .integer(size.memory))
        }
        let overrides = TreeWriter().json(["containerOverrides": [container]]).split(separator: "\n")
            .map { $0.drop { $0 == " " } }.joined(separator: " ")
        return "before each release: aws ecs run-task --cluster $CLUSTER --launch-type FARGATE --task-definition "
            + "\(family(unit)) --network-configuration $NETWORK --overrides \(Quoting.shell(overrides)), wait with "
            + "aws ecs wait tasks-stopped and go on only when its exit code is 0"
    }
}

/// A size that Fargate has.
///
/// > Source: Amazon ECS developer guide, "Task definition parameters for Fargate", task size.
struct FargateSize: Equatable, Sendable {
    /// 1024 are one vCPU.
    var cpu: Int
    var memory: Int

    private static let sizes: [(cpu: Int, memory: [Int])] = [
        (256, [512, 1024, 2048]),
        (512, Array(stride(from: 1024, through: 4096, by: 1024))),
        (1024, Array(stride(from: 2048, through: 8192, by: 1024))),
        (2048, Array(stride(from: 4096, through: 16384, by: 1024))),
        (4096, Array(stride(from: 8192, through: 30720, by: 1024))),
        (8192, Array(stride(from: 16384, through: 61440, by: 4096))),
        (16384, Array(stride(from: 32768, through: 122_880, by: 8192))),
    ]

    /// The smallest that is not less; half a vCPU for each shared one.
    init(_ guest: MachineConfig.Guest) {
        let wanted = guest.cpus * (guest.cpuKind == .shared ? 512 : 1024)
        for size in Self.sizes where size.cpu >= min(wanted, 16384) {
            guard let memory = size.memory.first(where: { $0 >= guest.memoryMiB }) else { continue }
            self = FargateSize(cpu: size.cpu, memory: memory)
            return
        }
        self = FargateSize(cpu: 16384, memory: 122_880)
    }

    private init(cpu: Int, memory: Int) {
        self.cpu = cpu
        self.memory = memory
    }
}
