extension AppConfigReader {
    mutating func readServices() {
        if let table = root.table("http_service") { config.httpService = readHTTPService(table) }
        config.services = root.tables("services").filter { !$0.isEmpty }.map { readService($0) }
    }

    private func readHTTPService(_ table: ConfigTable) -> AppConfig.Service {
        var service = AppConfig.Service()
        service.processes = serviceFilter(table)
        service.hostnames = readHostnames(table)
        if let port = table.integer("internal_port", in: 1...65_535) { service.settings.internalPort = port }
        service.settings.forceHTTPS = table.boolean("force_https") ?? false
        readScaling(table, into: &service.settings)
        if let concurrency = table.table("concurrency") {
            service.settings.concurrency = readConcurrency(concurrency)
        }
        set(table.tableArray("checks").map { readServiceCheck($0, .http, normalised: false) }, in: &service)
        service.httpOptions = readHTTPOptions(table)
        service.tlsOptions = readTLSOptions(table)
        service.rateLimit = readRateLimit(table)
        service.machineChecks = readMachineChecks(table)
        table.close()
        return service
    }

    private func readService(_ table: ConfigTable) -> AppConfig.Service {
        var service = AppConfig.Service()
        service.processes = serviceFilter(table)
        if let port = table.integer("internal_port", in: 1...65_535, orText: true) {
            service.settings.internalPort = port
        }
        readScaling(table, into: &service.settings)
        readLegacyConcurrency(table, into: &service.settings)
        let ports = table.tables("ports").map { readPort($0) }
        service.ports = ports
        service.settings.ports = ports.compactMap(\.served)
        service.settings.forceHTTPS = ports.contains(where: \.forceHTTPS)
        let tcp = table.tables("tcp_checks").map { readServiceCheck($0, .tcp, normalised: true) }
        set(tcp + table.tables("http_checks").map { readServiceCheck($0, .http, normalised: true) }, in: &service)
        service.transport = readTransport(table)
        service.rateLimit = readRateLimit(table)
        if ports.isEmpty, service.transport == nil {
            report.warn(table.position, "\(table.path): has no ports, so nothing reaches it; add [[services.ports]]")
        }
        service.machineChecks = readMachineChecks(table)
        table.obsolete("script_checks", "restart_limit")
        table.close()
        return service
    }

    private func set(_ checks: [AppConfig.Check], in service: inout AppConfig.Service) {
        service.settings.checks = checks.map(\.settings)
        for (index, check) in checks.enumerated() {
            if let tls = check.tls { service.checkTLS = (service.checkTLS ?? [:]).merging([index: tls]) { $1 } }
        }
    }

    /// Nil for TCP; UDP is kept, but the edge does not carry it.
    private func readTransport(_ table: ConfigTable) -> AppConfig.Transport? {
        guard table.choice("protocol", of: AppConfig.Transport.allCases) == .udp else { return nil }
        report.hasNoEffect(
            table.join("protocol"),
            at: table.keyPosition("protocol"),
            what: "a service with \"udp\""
        )
        return .udp
    }

    /// With `[processes]` in the file, a service has to say whose it is.
    private func serviceFilter(_ table: ConfigTable) -> [String] {
        let errors = report.errorCount
        let names = filter(table, undefined: .error)
        let hasErrors = report.errorCount > errors
        // A list of the wrong type was reported; an empty one is as good as none.
        guard names.isEmpty, !config.processes.isEmpty, !hasErrors else { return names }
        let groups = config.groups
        let list = groups.prefix(10).map { "\"\($0)\"" }.joined(separator: ", ")
        let count = groups.count == 1 ? "1 group" : "\(groups.count) groups"
        report.error(
            table.position,
            "\(table.join("processes")): missing, expected a list out of the \(count) that [processes] defines: [\(list)]"
        )
        return []
    }

    private func readHostnames(_ table: ConfigTable) -> [String] {
        guard let field = table.take("hostnames"), table.strings(field) != nil else { return [] }
        var result: [String] = []
        for element in field.elements ?? [] {
            guard case .string(let text) = element.node.value else { continue }
            guard HostName.isValid(text) else {
                report.mismatch(element, expected: "a host name such as \"notes.example.com\"")
                continue
            }
            let name = text.lowercased()
            if !result.contains(name) { result.append(name) }
        }
        return result
    }

    private func readScaling(_ table: ConfigTable, into service: inout MachineConfig.Service) {
        if let autostop = readAutostop(table) { service.autostop = autostop }
        if let autostart = table.boolean("auto_start_machines") { service.autostart = autostart }
        if let least = table.integer("min_machines_running", in: 0...10_000) { service.minMachinesRunning = least }
    }

    /// A word, or true for stop and false for off, as it once was.
    private func readAutostop(_ table: ConfigTable) -> MachineConfig.Autostop? {
        guard let field = table.take("auto_stop_machines") else { return nil }
        switch field.node.value {
        case .boolean(let flag): return flag ? .stop : .off
        case .string(let text):
            if let autostop = MachineConfig.Autostop(rawValue: text) { return autostop }
        default: break
        }
        report.mismatch(
            field,
            expected: "one of \"off\", \"stop\" or \"suspend\", or true for \"stop\", false for \"off\""
        )
        return nil
    }

    private func readConcurrency(_ table: ConfigTable) -> MachineConfig.Concurrency {
        let kind = table.choice("type", of: [MachineConfig.Concurrency.Kind.connections, .requests])
        let soft = table.integer("soft_limit", in: 0...1_000_000)
        let hard = table.integer("hard_limit", in: 0...1_000_000)
        table.close()
        return concurrency(kind ?? .connections, soft: soft ?? 0, hard: hard ?? 0, at: (table.position, table.path))
    }

    /// Zero is the platform's default, which is no limit for the hard one.
    private func concurrency(
        _ kind: MachineConfig.Concurrency.Kind,
        soft: Int,
        hard: Int,
        at place: (position: ConfigNode.Position, path: String)
    ) -> MachineConfig.Concurrency {
        if soft > 0, hard > 0, soft > hard {
            report.warn(
                place.position,
                "\(place.path): soft_limit \(soft) is above hard_limit \(hard), so it is never reached"
            )
        }
        let platform = MachineConfig.Concurrency().softLimit
        let softLimit = soft > 0 ? soft : hard > 0 ? min(platform, hard) : platform
        return MachineConfig.Concurrency(type: kind, softLimit: softLimit, hardLimit: hard > 0 ? hard : nil)
    }

    /// In `services` alone, `"25,20"` is a soft limit of 25 and a hard one of 20 requests.
    private func readLegacyConcurrency(_ table: ConfigTable, into service: inout MachineConfig.Service) {
        guard let field = table.take("concurrency") else { return }
        guard !field.isTable else {
            if let table = ConfigTable(field, report: report) { service.concurrency = readConcurrency(table) }
            return
        }
        if case .string(let text) = field.node.value {
            let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
                Int(part.trimmed)
            }
            if numbers.count == 2, let soft = numbers[0], let hard = numbers[1], soft >= 0, hard >= 0 {
                service.concurrency = concurrency(
                    .requests,
                    soft: soft,
                    hard: hard,
                    at: (field.node.position, field.path)
                )
                return
            }
        }
        report.mismatch(field, expected: "a table with type, soft_limit and hard_limit, or a string \"soft,hard\"")
    }
}

extension Substring {
    /// Without blanks at the ends.
    fileprivate var trimmed: Substring {
        var result = drop { $0 == " " }
        while result.last == " " { result.removeLast() }
        return result
    }
}
