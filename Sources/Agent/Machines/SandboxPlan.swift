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
        return sandbox
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
        return env
    }

    /// Puts an app's own values over those of its configuration; the platform's stay.
    static func adding(_ values: [String: String], to env: [String: String]) -> [String: String] {
        env.merging(values.filter { !$0.key.hasPrefix("FLY_") }) { $1 }
    }
}
