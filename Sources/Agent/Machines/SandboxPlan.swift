import Model
import Runtime

/// What a Machine's start needs, put together from its record, its image and its volume.
enum SandboxPlan {
    /// - Throws: ``Fault`` `invalidConfig` when nothing says what to run.
    static func make(
        _ machine: Machine,
        address: Machine.Address,
        image: Image,
        layers: [String],
        mounts: [Sandbox.Mount]
    ) throws(Fault) -> Sandbox {
        var sandbox = Sandbox(
            id: machine.id,
            hostname: machine.id.text,
            layers: layers,
            image: image.config,
            command: try command(machine.spec.config.`init`, image.config),
            env: environment(machine, address: address, image: image),
            guest: machine.spec.config.guest,
            address: address
        )
        sandbox.mounts = mounts
        sandbox.dns = machine.spec.config.dns
        if let name = machine.spec.config.dns?.hostname { sandbox.hostname = name }
        sandbox.swapMiB = machine.spec.config.swapMiB ?? 0
        sandbox.rootLimit = machine.spec.config.rootGB.map { Int64($0) << 30 }
        sandbox.hosts = machine.spec.config.hosts
        if let user = machine.spec.config.`init`.user, !user.isEmpty { sandbox.user = user }
        name(&sandbox, machine.spec.config, image.config)
        return sandbox
    }

    /// A sandbox of that configuration that is never started, to look at its program.
    static func trial(_ config: MachineConfig, image: Image, layers: [String]) throws(Fault) -> Sandbox {
        var env: [String: String] = [:]
        for pair in image.config.env + config.env.map({ "\($0.key)=\($0.value)" }) {
            guard let equals = pair.firstIndex(of: "=") else { continue }
            env[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
        }
        var sandbox = Sandbox(
            id: .random(),
            hostname: "trial",
            layers: layers,
            image: image.config,
            command: try command(config.`init`, image.config),
            env: env,
            guest: config.guest,
            address: Machine.Address(ipv4: "127.0.0.1", ipv6: "::1")
        )
        sandbox.mounts = config.mounts.map { Sandbox.Mount(source: "", destination: $0.path) }
        name(&sandbox, config, image.config)
        return sandbox
    }

    /// Notes who said what to run.
    private static func name(_ sandbox: inout Sandbox, _ config: MachineConfig, _ image: Image.Config) {
        let wanted = config.`init`
        if let exec = wanted.exec, !exec.isEmpty {
            sandbox.origin = .exec
            sandbox.argumentsOrigin = .exec
            return
        }
        let isRelease = config.metadata[MachineConfig.groupKey] == Machine.releaseCommandGroup
        sandbox.argumentsOrigin = wanted.cmd == nil ? .imageCommand : isRelease ? .releaseCommand : .processes
        if wanted.entrypoint?.isEmpty == false {
            sandbox.origin = .entrypoint
        } else if wanted.entrypoint == nil, !image.entrypoint.isEmpty {
            sandbox.origin = .imageEntrypoint
        } else {
            sandbox.origin = sandbox.argumentsOrigin
        }
    }

    /// `exec` replaces all; else entrypoint and command, each the Machine's own or the image's.
    ///
    /// > Source: `fly-toml`, sections 6 and 7.2.
    static func command(_ wanted: MachineConfig.Init, _ image: Image.Config) throws(Fault) -> [String] {
        if let exec = wanted.exec, !exec.isEmpty { return exec }
        // An own entrypoint makes the image's command meaningless, as in Docker.
        let entrypoint = wanted.entrypoint ?? image.entrypoint
        let cmd = wanted.cmd ?? (wanted.entrypoint == nil ? image.cmd : [])
        let command = entrypoint + cmd
        guard !command.isEmpty else {
            throw Fault(
                .invalidConfig,
                "nothing says what to run: the image has no command",
                hint: "set it in fly.toml:\n[processes]\n  app = \"uvicorn main:app --host 0.0.0.0 --port 8080\""
            )
        }
        return command
    }

    /// The image's environment, then the configuration's, then what the platform sets.
    ///
    /// > Source: `proxy-dns`, section 18.1.
    static func environment(_ machine: Machine, address: Machine.Address, image: Image) -> [String: String] {
        var env: [String: String] = [:]
        for pair in image.config.env {
            guard let equals = pair.firstIndex(of: "=") else { continue }
            env[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
        }
        env.merge(machine.spec.config.env) { $1 }
        env["FLY_APP_NAME"] = machine.app
        env["FLY_MACHINE_ID"] = machine.id.text
        env["FLY_ALLOC_ID"] = machine.id.text
        env["FLY_REGION"] = machine.region
        env["FLY_PRIVATE_IP"] = address.ipv6
        env["FLY_IMAGE_REF"] = machine.spec.config.image
        env["FLY_MACHINE_VERSION"] = machine.spec.instance
        env["FLY_VM_MEMORY_MB"] = String(machine.spec.config.guest.memoryMiB)
        env["FLY_PROCESS_GROUP"] = machine.group
        for (variable, field) in machine.spec.config.environment?.facts ?? [:] {
            env[variable] = fact(field, machine, address)
        }
        return env
    }

    // MARK: - Private

    private static func fact(_ field: String, _ machine: Machine, _ address: Machine.Address) -> String? {
        switch field {
        case "id": machine.id.text
        case "version": machine.spec.instance
        case "app_name": machine.app
        case "private_ip": address.ipv6
        case "region": machine.region
        case "image": machine.spec.config.image
        default: nil
        }
    }
}
