extension AppConfigReader {
    /// A check of a service; times that the platform does not take are moved into its range, with a warning.
    ///
    /// `normalised` is true in `services` alone, where flyctl rewrites old forms; `http_service` is stricter.
    func readServiceCheck(_ table: ConfigTable, _ kind: MachineConfig.Check.Kind, normalised: Bool) -> AppConfig.Check {
        let bare: ConfigTable.BareNumber = normalised ? .milliseconds : .documentedMilliseconds
        var check = MachineConfig.Check(type: kind)
        check.interval = clamped("interval", in: table, bare: bare) ?? check.interval
        check.timeout = clamped("timeout", in: table, bare: bare) ?? check.timeout
        check.gracePeriod = clamped("grace_period", in: table, bare: bare, zeroAllowed: true) ?? check.gracePeriod
        var result = AppConfig.Check(settings: check)
        if kind == .http { readRequest(table, into: &result, normalised: normalised) }
        result.settings.onFailure = readRemedy(table)
        table.obsolete("restart_limit")
        table.close()
        return result
    }

    /// `[checks.<name>]`, or the old list of tables with a `name` each.
    mutating func readChecks() {
        guard let field = root.take("checks") else { return }
        if let elements = field.elements {
            for element in root.limited(elements, of: field) {
                guard let table = ConfigTable(element, report: report) else { continue }
                let name = table.required("name", expected: "the name of the check") { table.string($0) }
                let check = readCheck(table)
                if let name { config.checks[name] = check }
            }
        } else if let checks = ConfigTable(field, report: report) {
            for (name, field) in checks.limited(checks.takeAll(), of: field) {
                guard let table = ConfigTable(field, report: report) else { continue }
                config.checks[name] = readCheck(table)
            }
        }
    }

    // MARK: - Private

    private func clamped(
        _ key: String,
        in table: ConfigTable,
        bare: ConfigTable.BareNumber,
        zeroAllowed: Bool = false
    ) -> GoDuration? {
        guard let (field, value) = table.duration(key, bare: bare) else { return nil }
        if zeroAllowed, value == .zero { return GoDuration(value) }
        let allowed = min(max(value, .seconds(1)), .seconds(60))
        if allowed != value {
            let direction = allowed > value ? "raised" : "lowered"
            report.warn(
                field.node.position,
                "\(field.path): \(GoDuration(value).text) is \(direction) to \(GoDuration(allowed).text)"
            )
        }
        return GoDuration(allowed)
    }

    private mutating func readCheck(_ table: ConfigTable) -> AppConfig.Check? {
        let kind = table.required("type", expected: "\"tcp\" or \"http\"") { key in
            table.choice(key, of: [MachineConfig.Check.Kind.tcp, .http])
        }
        var check = MachineConfig.Check(type: kind ?? .tcp)
        let hasPort = table.has("port")
        check.port = table.integer("port", in: 1...65_535)
        if let (field, interval) = table.duration("interval", bare: .milliseconds) {
            check.interval = GoDuration(interval)
            if interval < .seconds(2) { report.mismatch(field, expected: "a duration from 2s up") }
        }
        if let (field, timeout) = table.duration("timeout", bare: .milliseconds) {
            check.timeout = GoDuration(timeout)
            if timeout > .seconds(60) || timeout == .zero {
                report.mismatch(field, expected: "a duration above 0s, up to 1m")
            }
        }
        if let (_, grace) = table.duration("grace_period", bare: .milliseconds) {
            check.gracePeriod = GoDuration(grace)
        }
        var result = AppConfig.Check(settings: check)
        readRequest(table, into: &result, normalised: true)
        result.settings.onFailure = readRemedy(table)
        result.processes = filter(table, undefined: .warning)
        if !hasPort { requireHTTPPort(result, table) }
        table.close()
        return result
    }

    /// A check without a port takes that of `[http_service]`, so each of its groups has to have one.
    private func requireHTTPPort(_ check: AppConfig.Check, _ table: ConfigTable) {
        let groups = config.groups.filter { config.matches(check.processes, $0) }
        guard let group = groups.first(where: { config.httpPort(for: $0) == nil }) else { return }
        let list = "an integer from 1 to 65535, since the group \"\(group)\" has no [http_service] to take it from"
        table.missing("port", expected: list)
    }

    private func readRemedy(_ table: ConfigTable) -> MachineConfig.Check.Remedy? {
        table.take("on_failure").flatMap { table.choice($0, of: MachineConfig.Check.Remedy.allCases) }
    }

    /// What both kinds of HTTP check say of their request.
    ///
    /// When `normalised`, headers may be the old list of `{name, value}` too, and numbers count as text.
    private func readRequest(_ table: ConfigTable, into check: inout AppConfig.Check, normalised: Bool) {
        if let field = table.take("method"), let method = table.string(field) {
            // Fly's own templates say "get", which no app would answer as it stands.
            check.settings.method = method.uppercased()
            if !HTTPText.isToken(method) { report.mismatch(field, expected: "a method such as \"GET\"") }
        }
        if let field = table.take("path"), let path = table.string(field) {
            check.settings.path = path
            if !HTTPText.isTarget(path) { report.mismatch(field, expected: "a path such as \"/health\"") }
        }
        check.settings.headers = readHeaders(table, normalised: normalised)
        var tls = AppConfig.CheckTLS()
        tls.usesHTTPS = table.word("protocol", of: ["http", "https"]) == "https"
        if tls.usesHTTPS { table.hasNoEffect("protocol") }
        tls.skipsVerification = table.boolean("tls_skip_verify") == true
        if tls.skipsVerification { table.hasNoEffect("tls_skip_verify") }
        tls.serverName = table.string("tls_server_name")
        if tls.serverName != nil { table.hasNoEffect("tls_server_name") }
        check.tls = tls == AppConfig.CheckTLS() ? nil : tls
    }

    private func readHeaders(_ table: ConfigTable, normalised: Bool) -> [String: String] {
        guard let field = table.take("headers") else { return [:] }
        guard normalised, let elements = field.elements else {
            return checked(table.stringMap(field, coerced: normalised), field)
        }
        var headers: [String: String] = [:]
        for element in elements {
            guard let header = ConfigTable(element, report: report) else { continue }
            let value = header.take("value").map { ScalarText.text($0.node) }
            let name = header.required("name", expected: "the name of a header") { header.string($0) }
            if let name { headers[name] = value ?? "" }
            header.close()
        }
        return checked(headers, field)
    }

    /// What could end the header early or begin another one is refused.
    private func checked(_ headers: [String: String], _ field: ConfigField) -> [String: String] {
        for (name, value) in headers where !HTTPText.isToken(name) || !HTTPText.isFieldValue(value) {
            report.error(
                field.node.position,
                "\(field.path): found \(ConfigNode.quoted("\(name): \(value)")), expected a header that HTTP allows"
            )
        }
        return headers
    }
}
