extension MachineConfigWire {
    /// The TCP services; others are kept in the document alone, since the edge serves TCP only.
    static func services(_ reader: WireReader) throws(Fault) -> [MachineConfig.Service] {
        var services: [MachineConfig.Service] = []
        for wanted in try reader.objects("services") {
            let transport = try wanted.string("protocol") ?? "tcp"
            guard ["", "tcp", "udp"].contains(transport) else {
                throw wanted.fault("protocol", "expected tcp or udp, found \(ConfigNode.quoted(transport))")
            }
            guard let port = try wanted.int("internal_port", in: 1...65_535) else {
                throw wanted.fault("internal_port", "is missing")
            }
            let service = try service(wanted, port)
            if transport != "udp" { services.append(service) }
        }
        return services
    }

    /// A health check.
    static func check(_ reader: WireReader, needsPort: Bool) throws(Fault) -> MachineConfig.Check {
        let word = try reader.string("type") ?? "tcp"
        guard let type = MachineConfig.Check.Kind(rawValue: word) else {
            throw reader.fault("type", "expected tcp or http, found \(ConfigNode.quoted(word))")
        }
        var check = MachineConfig.Check(type: type, port: try reader.int("port", in: 1...65_535))
        if needsPort, check.port == nil { throw reader.fault("port", "is missing") }
        if let interval = try reader.duration("interval") { check.interval = interval }
        if let timeout = try reader.duration("timeout") { check.timeout = timeout }
        if let grace = try reader.duration("grace_period") { check.gracePeriod = grace }
        for (name, value) in [("interval", check.interval), ("timeout", check.timeout)]
        where value.duration < .milliseconds(100) {
            throw reader.fault(name, "expected at least 100ms, found \(value.text)")
        }
        check.method = try reader.string("method")?.uppercased() ?? "GET"
        guard HTTPText.isToken(check.method) else {
            throw reader.fault("method", "expected a method such as GET, found \(ConfigNode.quoted(check.method))")
        }
        let path = try reader.string("path") ?? "/"
        check.path = path.isEmpty ? "/" : path
        guard HTTPText.isTarget(check.path) else {
            throw reader.fault("path", "expected a path such as /health, found \(ConfigNode.quoted(path))")
        }
        for header in try reader.objects("headers") {
            guard let name = try header.string("name"), HTTPText.isToken(name) else {
                throw header.fault("name", "expected the name of a header")
            }
            let value = (try header.strings("values") ?? []).joined(separator: ", ")
            guard HTTPText.isFieldValue(value) else { throw header.fault("values", "expected the value of a header") }
            check.headers[name] = value
        }
        if let word = try reader.string("on_failure") {
            guard let remedy = MachineConfig.Check.Remedy.allCases.first(where: { $0.rawValue == word }) else {
                throw reader.fault(
                    "on_failure",
                    "expected unroute, restart or replace, found \(ConfigNode.quoted(word))"
                )
            }
            check.onFailure = remedy
        }
        return check
    }

    /// What becomes of an idle Machine: Fly writes a boolean for all but suspend.
    static func autostop(_ reader: WireReader) throws(Fault) -> MachineConfig.Autostop {
        guard let value = reader["autostop"] else { return .off }
        if let flag = value.bool { return flag ? .stop : .off }
        switch value.string {
        case "off", "false", "": return .off
        case "stop", "true": return .stop
        case "suspend": return .suspend
        default: throw reader.fault("autostop", "expected off, stop, suspend or a boolean, found \(value.kind)")
        }
    }

    // MARK: - Private

    private static func service(_ wanted: WireReader, _ port: Int) throws(Fault) -> MachineConfig.Service {
        var service = MachineConfig.Service(internalPort: port, ports: [])
        for entry in try wanted.objects("ports") {
            if try entry.bool("force_https") == true { service.forceHTTPS = true }
            let handlers = try entry.strings("handlers") ?? []
            let known = ["http", "tls", "pg_tls", "proxy_proto", "edge_http"]
            if let other = handlers.first(where: { !known.contains($0) }) {
                throw entry.fault(
                    "handlers",
                    "expected \(ConfigReport.oneOf(known)), found \(ConfigNode.quoted(other))"
                )
            }
            service.ports.append(try readPort(entry, handlers))
        }
        service.autostop = try autostop(wanted)
        service.autostart = try wanted.bool("autostart") ?? true
        service.minMachinesRunning = try wanted.int("min_machines_running", in: 0...10_000) ?? 0
        if let limits = try wanted.object("concurrency") { service.concurrency = try concurrency(limits) }
        for one in try wanted.objects("checks") { service.checks.append(try check(one, needsPort: false)) }
        return service
    }

    private static func concurrency(_ limits: WireReader) throws(Fault) -> MachineConfig.Concurrency {
        var concurrency = MachineConfig.Concurrency()
        let word = try limits.string("type") ?? ""
        if !word.isEmpty {
            guard let type = MachineConfig.Concurrency.Kind(rawValue: word) else {
                throw limits.fault("type", "expected connections or requests, found \(ConfigNode.quoted(word))")
            }
            concurrency.type = type
        }
        let counts: ClosedRange<Int64> = 0...1_000_000
        if let hard = try limits.int("hard_limit", in: counts), hard > 0 { concurrency.hardLimit = hard }
        if let soft = try limits.int("soft_limit", in: counts), soft > 0 {
            concurrency.softLimit = soft
        } else if let hard = concurrency.hardLimit {
            concurrency.softLimit = min(concurrency.softLimit, hard)
        }
        return concurrency
    }
}
