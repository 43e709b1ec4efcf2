// The form of a Machine's configuration: what is stored, and what Fly's API takes, of which much is left out by its
// clients. Each field's default is the platform's.
//
// > Source: `machines-api`, section 10.

extension MachineConfig: KeyedForm {
    package static var blank: MachineConfig { MachineConfig(image: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("image", &image)
        try form.field("env", &env)
        try form.field("init", &`init`)
        try form.field("guest", &guest)
        try form.field("services", &services)
        try form.field("checks", &checks)
        try form.field("mounts", &mounts)
        try form.field("restart", &restart)
        try form.field("stop_config", &stopConfig)
        try form.field("metadata", &metadata)
        try form.field("auto_destroy", &autoDestroy)
        try form.field("files", &files)
        try form.field("statics", &statics)
        try form.field("schedule", &schedule)
        try form.field("dns", &dns)
        try form.field("standbys", &standbys)
        try form.field("skip_secrets", &skipsSecrets)
        try form.field("environment", &environment)
        try form.field("swap_mb", &swapMiB)
        try form.field("root_gb", &rootGB)
        try form.field("metrics", &metrics)
        try form.field("document", &document)
    }
}

extension MachineConfig.File: KeyedForm {
    package static var blank: MachineConfig.File { MachineConfig.File(guestPath: "", rawValue: nil) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("guest_path", &guestPath)
        try form.field("raw_value", &rawValue)
        try form.field("secret_name", &secretName)
        try form.field("mode", &mode)
    }
}

extension MachineConfig.Init: KeyedForm {
    package static var blank: MachineConfig.Init { MachineConfig.Init() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("exec", &exec)
        try form.field("entrypoint", &entrypoint)
        try form.field("cmd", &cmd)
        try form.field("user", &user)
    }
}

extension MachineConfig.Guest: KeyedForm {
    package static var blank: MachineConfig.Guest { MachineConfig.Guest() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("cpu_kind", &cpuKind)
        try form.field("cpus", &cpus)
        try form.field("memory_mb", &memoryMiB)
    }
}

extension MachineConfig.Mount: KeyedForm {
    package static var blank: MachineConfig.Mount { MachineConfig.Mount(name: "", path: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("volume", &volume)
        try form.field("name", &name)
        try form.need("path", &path)
        try form.field("size_gb", &sizeGB)
        try form.field("growth", &growth)
        try form.field("snapshot_retention", &snapshotRetention)
        try form.field("scheduled_snapshots", &scheduledSnapshots)
    }
}

extension MachineConfig.Restart: KeyedForm {
    package static var blank: MachineConfig.Restart { MachineConfig.Restart() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("policy", &policy)
        try form.field("max_retries", &maxRetries)
    }
}

extension MachineConfig.Stop: KeyedForm {
    package static var blank: MachineConfig.Stop { MachineConfig.Stop() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("signal", &signal)
        try form.field("timeout", &timeout)
    }
}

extension MachineConfig.Signal {
    /// Fly's documents leave `SIG` out, its clients don't.
    package init(from decoder: any Decoder) throws {
        let word = try decoder.singleValueContainer().decode(String.self)
        self = Self(rawValue: word) ?? Self(rawValue: "SIG\(word)") ?? .unknown(word)
    }
}

extension MachineConfig.Service: KeyedForm {
    package static var blank: MachineConfig.Service { MachineConfig.Service(ports: []) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("internal_port", &internalPort)
        try form.field("ports", &ports)
        try form.field("autostop", &autostop)
        try form.field("autostart", &autostart)
        try form.field("min_machines_running", &minMachinesRunning)
        try form.field("concurrency", &concurrency)
        try form.field("checks", &checks)
        try form.field("force_https", &forceHTTPS)
        try form.field("rate_limit", &rateLimit)
    }
}

extension MachineConfig.Port: KeyedForm {
    package static var blank: MachineConfig.Port { MachineConfig.Port(port: 0, handlers: []) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("port", &port)
        try form.field("end_port", &endPort)
        try form.field("handlers", &handlers)
        try form.field("http_options", &httpOptions)
        try form.field("tls_options", &tlsOptions)
        try form.field("proxy_protocol", &proxyProtocol)
    }
}

extension MachineConfig.Autostop {
    /// Fly writes two of its words as booleans.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = flag ? .stop : .off
        } else {
            self.init(word: try container.decode(String.self))
        }
    }
}

extension MachineConfig.Concurrency: KeyedForm {
    package static var blank: MachineConfig.Concurrency { MachineConfig.Concurrency() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("type", &type)
        try form.field("soft_limit", &softLimit)
        try form.field("hard_limit", &hardLimit)
    }
}

extension MachineConfig.Check: KeyedForm {
    package static var blank: MachineConfig.Check { MachineConfig.Check(type: .tcp) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("type", &type)
        try form.field("port", &port)
        try form.field("interval", &interval)
        try form.field("timeout", &timeout)
        try form.field("grace_period", &gracePeriod)
        try form.field("method", &method)
        try form.field("path", &path)
        var lines = CheckHeaders(headers)
        try form.field("headers", &lines)
        headers = lines.values
        try form.field("on_failure", &onFailure)
    }
}

/// Headers as a table, or as Fly has them: `[{"name": "Host", "values": ["a"]}]`.
private struct CheckHeaders: Codable {
    var values: [String: String]

    private struct Line: Decodable {
        var name: String
        var values: [String]?
    }

    init(_ values: [String: String]) { self.values = values }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let lines = try? container.decode([Line].self) {
            values = Dictionary(lines.map { ($0.name, $0.values?.joined(separator: ", ") ?? "") }) { $1 }
        } else {
            values = try container.decode([String: String].self)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }
}
