/// The `config` object of the Machines API: read into what Roost acts on, and written back with all that it does not.
///
/// > Source: `machines-api`, section 10.
package enum MachineConfigWire {
    /// Reads a configuration; what is not acted on is kept in its document.
    ///
    /// - Parameters:
    ///   - value: the object.
    ///   - path: where it stands in the request: `config`.
    /// - Returns: the configuration, whose image is still named as its writer named it.
    /// - Throws: ``Fault`` `invalidRequest` with the path of what is wrong.
    package static func read(_ value: JSONValue, path: String = "config") throws(Fault) -> MachineConfig {
        let reader = try WireReader(value, path)
        try refuse(reader)
        guard let image = try reader.string("image"), !image.isEmpty else {
            throw reader.fault(
                "image",
                "is missing",
                hint: "name an image: \"image\": \"docker.io/library/nginx:latest\""
            )
        }
        var config = MachineConfig(image: image)
        config.env = try reader.stringMap("env") ?? [:]
        for name in config.env.keys where name.isEmpty || name.contains("=") || name.contains("\0") {
            throw reader.fault("env", "\(ConfigNode.quoted(name)) can't be the name of a variable")
        }
        try readProcess(reader, into: &config)
        config.guest = try guest(reader)
        config.swapMiB = try reader.object("init")?.int("swap_size_mb", in: 0...1_048_576).flatMap { $0 > 0 ? $0 : nil }
        config.rootGB = try reader.object("rootfs")?.int("size_gb", in: 0...500).flatMap { $0 > 0 ? $0 : nil }
        config.services = try services(reader)
        if try reader.bool("disable_machine_autostart") ?? false {
            for index in config.services.indices { config.services[index].autostart = false }
        }
        for (name, one) in try reader.objectMap("checks") { config.checks[name] = try check(one, needsPort: true) }
        config.mounts = try mounts(reader)
        config.restart = try restart(reader)
        config.stopConfig = try stop(reader)
        config.metadata = try reader.stringMap("metadata") ?? [:]
        config.autoDestroy = try reader.bool("auto_destroy") ?? false
        let files = try files(reader)
        config.files = files.isEmpty ? nil : files
        config.statics = try statics(reader)
        config.schedule = try schedule(reader)
        config.dns = try dns(reader)
        config.standbys = try standbys(reader, config)
        config.metrics = try metrics(reader)
        config.document = MachineDocument(value)
        return config
    }

    // MARK: - Private

    private static func refuse(_ reader: WireReader) throws(Fault) {
        if let containers = reader["containers"]?.array, !containers.isEmpty {
            throw reader.fault(
                "containers",
                "Roost runs one program a Machine, found \(containers.count) containers",
                hint:
                    "make a Machine for each; they reach one another by <id>.vm.<app>.internal. For a deploy, name them "
                    + "as process groups: [processes] in fly.toml"
            )
        }
        let programs = try reader.objects("processes")
        if programs.count > 1 {
            throw reader.fault(
                "processes",
                "Roost runs one program a Machine, found \(programs.count) processes",
                hint: "make a Machine for each, or name them as process groups: [processes] in fly.toml"
            )
        }
        try refuseVirtual(reader)
        if reader["size"] != nil, reader["guest"] != nil {
            throw reader.fault("size", "size and guest exclude each other", hint: "keep guest: size is deprecated")
        }
    }

    private static func guest(_ reader: WireReader) throws(Fault) -> MachineConfig.Guest {
        if let size = try reader.string("size") {
            guard let preset = GuestSize.preset(size) else { throw unknownSize(size, reader) }
            return preset
        }
        guard let wanted = try reader.object("guest") else { return MachineConfig.Guest() }
        if let gpu = try wanted.string("gpu_kind"), !gpu.isEmpty {
            throw wanted.fault("gpu_kind", "no host here has a GPU \(ConfigNode.quoted(gpu)); they have none at all")
        }
        if let gpus = try wanted.int("gpus"), gpus > 0 {
            throw wanted.fault("gpus", "no host here has a GPU, found \(gpus) of them")
        }
        let name = try wanted.string("cpu_kind") ?? "shared"
        guard let kind = MachineConfig.CPUKind(rawValue: name.isEmpty ? "shared" : name) else {
            throw wanted.fault("cpu_kind", "expected shared or performance, found \(ConfigNode.quoted(name))")
        }
        let cpus = try wanted.int("cpus").flatMap { $0 == 0 ? nil : $0 } ?? 1
        let least = (kind == .shared ? 256 : 2048) * max(1, min(cpus, 1024))
        let memory = try wanted.int("memory_mb").flatMap { $0 == 0 ? nil : $0 } ?? least
        let guest = MachineConfig.Guest(cpuKind: kind, cpus: cpus, memoryMiB: memory)
        if let objection = GuestSize.objection(to: guest) {
            throw Fault(.invalidRequest, "\(wanted.path): \(objection)", hint: "docs/fly-toml.md lists the sizes")
        }
        return guest
    }

    private static func unknownSize(_ size: String, _ reader: WireReader) -> Fault {
        let known = GuestSize.presets.map(\.name)
        let text = GuestSize.withdrawn.contains(size) ? "no host here has a GPU" : "unknown size"
        return reader.fault(
            "size",
            "\(text): \(ConfigNode.quoted(size))",
            hint: "sizes: \(Nearest.sorted(known, to: size).prefix(5).joined(separator: ", "))"
        )
    }

    private static func mounts(_ reader: WireReader) throws(Fault) -> [MachineConfig.Mount] {
        let all = try reader.objects("mounts")
        guard all.count < 2 else {
            throw reader.fault("mounts", "a Machine mounts at most one volume, found \(all.count)")
        }
        var mounts: [MachineConfig.Mount] = []
        for mount in all {
            let path = try mount.string("path") ?? ""
            guard path.hasPrefix("/"), path != "/", !path.contains("\0"),
                !path.split(separator: "/").contains(where: { $0 == ".." || $0 == "." })
            else {
                throw mount.fault("path", "expected an absolute path other than /, found \(ConfigNode.quoted(path))")
            }
            let volume = try mount.string("volume") ?? ""
            let name = try mount.string("name") ?? (volume.hasPrefix("vol_") ? "" : volume)
            guard !volume.isEmpty || !name.isEmpty else {
                throw mount.fault("volume", "is missing", hint: "name a volume by its ID: roost volumes list")
            }
            var wanted = MachineConfig.Mount(
                volume: volume.hasPrefix("vol_") ? volume : nil,
                name: name,
                path: path,
                sizeGB: try mount.int("size_gb", in: 0...500).flatMap { $0 == 0 ? nil : $0 } ?? 1
            )
            wanted.growth = try growth(mount)
            mounts.append(wanted)
        }
        return mounts
    }

    private static func restart(_ reader: WireReader) throws(Fault) -> MachineConfig.Restart {
        var restart = MachineConfig.Restart()
        guard let wanted = try reader.object("restart") else { return restart }
        switch try wanted.string("policy") ?? "" {
        case "": break
        case "no": restart.policy = .no
        case "on-failure", "on-fail": restart.policy = .onFailure
        // A price can't take away a Machine of one's own.
        case "always", "spot-price": restart.policy = .always
        case let other:
            throw wanted.fault(
                "policy",
                "expected no, on-failure, always or spot-price, found \(ConfigNode.quoted(other))"
            )
        }
        restart.maxRetries = try wanted.int("max_retries", in: 0...1_000_000).flatMap { $0 == 0 ? nil : $0 } ?? 10
        return restart
    }

    /// How a Machine is stopped, by its `stop_config`.
    package static func stop(_ value: JSONValue, path: String) throws(Fault) -> MachineConfig.Stop {
        try stop(try WireReader(.object(["stop_config": value]), path))
    }

    private static func stop(_ reader: WireReader) throws(Fault) -> MachineConfig.Stop {
        var stop = MachineConfig.Stop()
        guard let wanted = try reader.object("stop_config") else { return stop }
        if let name = try wanted.string("signal"), !name.isEmpty { stop.signal = try signal(name, wanted) }
        if let timeout = try wanted.duration("timeout") {
            guard timeout.duration <= .seconds(300) else {
                throw wanted.fault("timeout", "expected at most 5m0s, found \(timeout.text)")
            }
            if timeout.duration > .zero { stop.timeout = timeout }
        }
        return stop
    }

    static func signal(_ name: String, _ reader: WireReader) throws(Fault) -> MachineConfig.Signal {
        let full = name.hasPrefix("SIG") ? name : "SIG\(name)"
        guard let signal = MachineConfig.Signal(rawValue: full) else {
            let known = MachineConfig.Signal.allCases.map(\.rawValue)
            throw reader.fault("signal", "expected \(ConfigReport.oneOf(known)), found \(ConfigNode.quoted(name))")
        }
        return signal
    }

    /// Those of a bucket are kept in the document alone: nothing serves them here.
    private static func statics(_ reader: WireReader) throws(Fault) -> [StaticFiles]? {
        var statics: [StaticFiles] = []
        for one in try reader.objects("statics") where try one.string("tigris_bucket") ?? "" == "" {
            let (guest, prefix) = (try one.string("guest_path") ?? "", try one.string("url_prefix") ?? "")
            guard !prefix.isEmpty, let files = StaticFiles(guestPath: guest, urlPrefix: prefix) else {
                throw one.fault(
                    "guest_path",
                    "expected the absolute path of a folder, found \(ConfigNode.quoted(guest))",
                    hint: "and a url_prefix such as \"/static\", found \(ConfigNode.quoted(prefix))"
                )
            }
            statics.append(files)
        }
        return statics.isEmpty ? nil : statics
    }

    private static func files(_ reader: WireReader) throws(Fault) -> [MachineConfig.File] {
        var files: [MachineConfig.File] = []
        for file in try reader.objects("files") {
            let path = try file.string("guest_path") ?? ""
            guard path.hasPrefix("/"), path.count > 1, !path.hasSuffix("/"), !path.contains("\0"),
                !path.split(separator: "/").contains("..")
            else {
                throw file.fault("guest_path", "expected the absolute path of a file, found \(ConfigNode.quoted(path))")
            }
            let (raw, secret) = (try file.string("raw_value"), try file.string("secret_name"))
            guard (raw == nil) != (secret == nil) else {
                throw file.fault("raw_value", "expected either raw_value, in base64, or secret_name")
            }
            if let raw, !Base64Text.isValid(raw) { throw file.fault("raw_value", "is not base64") }
            files.append(
                MachineConfig.File(
                    guestPath: path,
                    rawValue: raw,
                    secretName: secret,
                    mode: try file.int("mode", in: 0...0o7777)
                )
            )
        }
        return files
    }
}

/// Base64 as Go writes `[]byte`.
enum Base64Text {
    /// > Source: RFC 4648 section 4, with padding.
    static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count.isMultiple(of: 4) else { return false }
        let padding = bytes.suffix(2).count { $0 == UInt8(ascii: "=") }
        return bytes.dropLast(padding).allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"): true
            default: false
            }
        }
    }
}
