/// What the flags of `machine run`, `create`, `clone` and `update` ask for, put over a configuration.
///
/// Only what a flag names is changed; all else stays as it was.
package struct MachineRecipe: Sendable {
    package var image: String?
    package var command: [String] = []
    package var entrypoint: String?
    /// `EXT[:INT][/PROTO[:HANDLER…]]`; one `-` takes all services away.
    package var ports: [String] = []
    /// `NAME=VALUE`.
    package var env: [String] = []
    package var metadata: [String] = []
    /// `VOLUME:PATH`.
    package var volumes: [String] = []
    package var restart: String?
    package var removesItself: Bool?
    package var schedule: String?
    package var autostart: Bool?
    /// `off`, `stop` or `suspend`.
    package var autostop: String?
    package var standbyFor: [String] = []
    package var skipsRegistration: Bool?
    /// What stands at a path: base64, or the name of a secret.
    package var files: [MachineConfig.File] = []
    package var size = Size()

    /// The flags that start with `--vm-`.
    package struct Size: Sendable {
        package var preset: String?
        package var cpus: Int?
        package var cpuKind: String?
        /// `512`, `1gb`.
        package var memory: String?

        package init() {}
    }

    package init() {}

    /// The configuration with all that the flags say.
    ///
    /// - Throws: ``Fault`` `invalidRequest` naming the flag.
    package func apply(to config: JSONValue) throws(Fault) -> JSONValue {
        var members = config.object ?? [:]
        if let image { members["image"] = .string(image) }
        applyCommand(&members)
        try applyPairs(&members)
        try applyPorts(&members)
        try applySize(&members)
        try applyVolumes(&members)
        try applyLife(&members)
        if !standbyFor.isEmpty { members["standbys"] = .strings(standbyFor) }
        if let skipsRegistration {
            var dns = members["dns"]?.object ?? [:]
            dns["skip_registration"] = .bool(skipsRegistration)
            members["dns"] = .object(dns)
        }
        for file in files { applyFile(file, &members) }
        return .object(members)
    }

    /// Takes apart `NAME=VALUE`.
    package static func pair(_ text: String, flag: String) throws(Fault) -> (name: String, value: String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw Fault(.invalidRequest, "\(flag): expected NAME=VALUE, found \(ConfigNode.quoted(text))")
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    // MARK: - Private

    private func applyCommand(_ members: inout [String: JSONValue]) {
        guard !command.isEmpty || entrypoint != nil else { return }
        var start = members["init"]?.object ?? [:]
        if !command.isEmpty { start["cmd"] = .strings(command) }
        if let entrypoint { start["entrypoint"] = .strings(CommandLineWords.split(entrypoint) ?? [entrypoint]) }
        members["init"] = .object(start)
    }

    private func applyPairs(_ members: inout [String: JSONValue]) throws(Fault) {
        for (name, flag, pairs) in [("env", "--env", env), ("metadata", "--metadata", metadata)] where !pairs.isEmpty {
            var all = members[name]?.object ?? [:]
            for text in pairs {
                let pair = try Self.pair(text, flag: flag)
                all[pair.name] = .string(pair.value)
            }
            members[name] = .object(all)
        }
    }

    private func applyPorts(_ members: inout [String: JSONValue]) throws(Fault) {
        if ports == ["-"] {
            members["services"] = .array([])
        } else if !ports.isEmpty {
            members["services"] = .array(try PortSpec.services(ports))
        }
        guard autostart != nil || autostop != nil else { return }
        if let autostop, !["off", "stop", "suspend", "true", "false"].contains(autostop) {
            throw Fault(
                .invalidRequest,
                "--autostop: expected off, stop or suspend, found \(ConfigNode.quoted(autostop))"
            )
        }
        let services = (members["services"]?.array ?? []).map { service in
            var service = service.object ?? [:]
            if let autostart { service["autostart"] = .bool(autostart) }
            if let autostop { service["autostop"] = .string(autostop) }
            return JSONValue.object(service)
        }
        members["services"] = .array(services)
    }

    private func applySize(_ members: inout [String: JSONValue]) throws(Fault) {
        var guest = members["guest"]?.object ?? [:]
        if let preset = size.preset {
            guard let known = GuestSize.preset(preset) else {
                let names = Nearest.sorted(GuestSize.presets.map(\.name), to: preset).prefix(5)
                throw Fault(
                    .invalidRequest,
                    "--vm-size: unknown size \(ConfigNode.quoted(preset))",
                    hint: "for example \(names.joined(separator: ", "))"
                )
            }
            guest["cpu_kind"] = .string(known.cpuKind.rawValue)
            guest["cpus"] = .int(Int64(known.cpus))
            guest["memory_mb"] = .int(Int64(known.memoryMiB))
        }
        if let cpus = size.cpus { guest["cpus"] = .int(Int64(cpus)) }
        if let kind = size.cpuKind { guest["cpu_kind"] = .string(kind) }
        if let text = size.memory {
            guard let memory = Model.Size.memoryMiB(text) else {
                throw Fault(
                    .invalidRequest,
                    "--vm-memory: expected a size such as 512 or 1gb, found \(ConfigNode.quoted(text))"
                )
            }
            guest["memory_mb"] = .int(Int64(memory))
        }
        if !guest.isEmpty { members["guest"] = .object(guest) }
    }

    private func applyVolumes(_ members: inout [String: JSONValue]) throws(Fault) {
        guard !volumes.isEmpty else { return }
        var mounts: [JSONValue] = []
        for text in volumes {
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[1].hasPrefix("/") else {
                throw Fault(.invalidRequest, "--volume: expected VOLUME:PATH, found \(ConfigNode.quoted(text))")
            }
            mounts.append(.object(["volume": .string(parts[0]), "path": .string(parts[1])]))
        }
        members["mounts"] = .array(mounts)
    }

    private func applyLife(_ members: inout [String: JSONValue]) throws(Fault) {
        if let removesItself { members["auto_destroy"] = .bool(removesItself) }
        if let schedule { members["schedule"] = .string(schedule) }
        guard let restart else { return }
        let words = ["no": "no", "always": "always", "on-fail": "on-failure", "on-failure": "on-failure"]
        guard let policy = words[restart] else {
            throw Fault(
                .invalidRequest,
                "--restart: expected no, always or on-fail, found \(ConfigNode.quoted(restart))"
            )
        }
        members["restart"] = .object(["policy": .string(policy)])
    }

    private func applyFile(_ file: MachineConfig.File, _ members: inout [String: JSONValue]) {
        let value = JSONValue.members([
            ("guest_path", .string(file.guestPath)), ("raw_value", file.rawValue.map { .string($0) }),
            ("secret_name", file.secretName.map { .string($0) }),
        ])
        let others = (members["files"]?.array ?? []).filter { $0["guest_path"]?.string != file.guestPath }
        members["files"] = .array(others + [value])
    }
}

/// `--port EXT[:INT][/PROTO[:HANDLER…]]`, as flyctl reads it.
enum PortSpec {
    /// The services of all those flags; ports with one internal port and protocol are one service.
    static func services(_ texts: [String]) throws(Fault) -> [JSONValue] {
        var order: [String] = []
        var found: [String: (port: Int, transport: String, ports: [JSONValue])] = [:]
        for text in texts {
            let one = try parse(text)
            let key = "\(one.internalPort)/\(one.transport)"
            if found[key] == nil {
                order.append(key)
                found[key] = (one.internalPort, one.transport, [])
            }
            found[key]?.ports.append(one.port)
        }
        return order.compactMap { found[$0] }.map { service in
            .object([
                "protocol": .string(service.transport), "internal_port": .int(Int64(service.port)),
                "ports": .array(service.ports),
            ])
        }
    }

    private static func parse(_ text: String) throws(Fault) -> (internalPort: Int, transport: String, port: JSONValue) {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let numbers = halves[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let words = halves.count > 1 ? halves[1].split(separator: ":").map(String.init) : []
        let transport = words.first ?? "tcp"
        let range = (numbers.first ?? "").split(separator: "-").compactMap { number($0) }
        guard (1...2).contains(numbers.count), (1...2).contains(range.count), ["tcp", "udp"].contains(transport),
            let inner = number(numbers.last.map { $0.split(separator: "-").first ?? "" } ?? "")
        else {
            throw Fault(
                .invalidRequest,
                "--port: expected EXTERNAL:INTERNAL/PROTOCOL:HANDLERS, found \(ConfigNode.quoted(text))",
                hint: "for example 443:8080/tcp:tls:http"
            )
        }
        var port: [String: JSONValue] =
            range.count == 2
            ? ["start_port": .int(Int64(range[0])), "end_port": .int(Int64(range[1]))]
            : ["port": .int(Int64(range[0]))]
        let handlers = Array(words.dropFirst())
        if !handlers.isEmpty { port["handlers"] = .strings(handlers) }
        return (inner, transport, .object(port))
    }

    private static func number(_ text: some StringProtocol) -> Int? {
        Int(text).flatMap { (1...65_535).contains($0) ? $0 : nil }
    }
}
