/// What a Machine runs, and what its program is told.
extension MachineConfigWire {
    static func readProcess(_ reader: WireReader, into config: inout MachineConfig) throws(Fault) {
        if let start = try reader.object("init") { config.`init` = try program(start) }
        guard let process = try reader.objects("processes").first else { return }
        let own = try program(process)
        config.`init`.exec = own.exec ?? config.`init`.exec
        config.`init`.entrypoint = own.entrypoint ?? config.`init`.entrypoint
        config.`init`.cmd = own.cmd ?? config.`init`.cmd
        config.`init`.user = try process.string("user")
        config.env.merge(try process.stringMap("env") ?? [:]) { $1 }
        config.environment = try environment(process)
    }

    /// What only a virtual machine of its own has: a Machine here is a container, with its host's kernel.
    static func refuseVirtual(_ reader: WireReader) throws(Fault) {
        for part in [try reader.object("init"), try reader.object("guest")].compactMap(\.self) {
            guard let words = try part.strings("kernel_args"), !words.isEmpty else { continue }
            throw part.fault("kernel_args", "a Machine here has its host's kernel, found \(words.count) words for it")
        }
        if let volumes = reader["volumes"]?.array, !volumes.isEmpty {
            throw reader.fault(
                "volumes",
                "are for containers of one Machine, which Roost does not run",
                hint: "use mounts"
            )
        }
        let hint = "put what has to stay on a volume: mounts"
        let old = reader["guest"]?["persist_rootfs"]
        // Fly's clients write the word, or its number.
        if let old, old != .null, ![.string(""), .string("never"), .int(0), .int(1)].contains(old) {
            throw reader.fault(
                "guest.persist_rootfs",
                "Roost makes the root file system anew at each start",
                hint: hint
            )
        }
        if let root = try reader.object("rootfs"), let word = try root.string("persist"), !["", "never"].contains(word)
        {
            throw root.fault(
                "persist",
                "Roost makes the root file system anew at each start, found \(word)",
                hint: hint
            )
        }
    }

    // MARK: - Private

    private static func program(_ reader: WireReader) throws(Fault) -> MachineConfig.Init {
        var all: [[String]?] = []
        for name in ["exec", "entrypoint", "cmd"] {
            let words = try reader.strings(name)
            if let words, words.contains(where: { $0.contains("\0") }) {
                throw reader.fault(name, "a word of a command can't hold a zero byte")
            }
            // Go leaves out what is empty: an empty list says nothing.
            all.append(words?.isEmpty == true ? nil : words)
        }
        return MachineConfig.Init(exec: all[0], entrypoint: all[1], cmd: all[2])
    }

    private static func environment(_ process: WireReader) throws(Fault) -> MachineConfig.Environment? {
        var environment = MachineConfig.Environment()
        environment.ignoresAppSecrets = try process.bool("ignore_app_secrets") ?? false
        for secret in try process.objects("secrets") {
            let variable = try variable(secret)
            environment.secrets[variable] = try secret.string("name").flatMap { $0.isEmpty ? nil : $0 } ?? variable
        }
        for field in try process.objects("env_from") {
            let name = try field.string("field_ref") ?? ""
            guard MachineConfig.Environment.fields.contains(name) else {
                let known = ConfigReport.oneOf(MachineConfig.Environment.fields)
                throw field.fault("field_ref", "expected \(known), found \(ConfigNode.quoted(name))")
            }
            environment.facts[try variable(field)] = name
        }
        return environment == MachineConfig.Environment() ? nil : environment
    }

    private static func variable(_ reader: WireReader) throws(Fault) -> String {
        guard let name = try reader.string("env_var"), !name.isEmpty, !name.contains("="), !name.contains("\0") else {
            throw reader.fault("env_var", "expected the name of a variable")
        }
        return name
    }
}
