extension AppConfigReader {
    /// One of `[[services.ports]]`.
    func readPort(_ table: ConfigTable) -> AppConfig.Port {
        var port = AppConfig.Port()
        port.handlers = readHandlers(table)
        port.forceHTTPS = table.boolean("force_https") ?? false
        if port.forceHTTPS, !port.handlers.contains("http") {
            report.error(
                table.keyPosition("force_https"),
                "\(table.join("force_https")): found true, expected it only beside the handler \"http\""
            )
        }
        let isRange = readRange(table, into: &port)
        let hasPort = table.has("port")
        port.port = table.integer("port", in: 1...65_535, orText: true)
        if !hasPort, !isRange { table.missing("port", expected: "an integer from 1 to 65535") }
        port.httpOptions = readHTTPOptions(table)
        port.tlsOptions = readTLSOptions(table)
        if let options = table.table("proxy_proto_options") {
            port.proxyProtocol = options.choice("version", of: AppConfig.ProxyProtocol.allCases)
            options.close()
            if !port.handlers.contains("proxy_proto") {
                report.warn(
                    table.keyPosition("proxy_proto_options"),
                    "\(table.join("proxy_proto_options")): counts only beside the handler \"proxy_proto\""
                )
            }
        }
        table.close()
        return port
    }

    /// `http_options` of a port or of `[http_service]`.
    func readHTTPOptions(_ table: ConfigTable) -> AppConfig.HTTPOptions? {
        guard let table = table.table("http_options") else { return nil }
        table.hasNoEffect("headers_read_timeout")
        var options = AppConfig.HTTPOptions()
        options.compress = table.boolean("compress")
        options.idleTimeout = table.integer("idle_timeout", in: 0...Int(UInt32.max))
        options.headersReadTimeout = table.integer("headers_read_timeout", in: 0...Int(UInt32.max))
        options.h2Backend = table.boolean("h2_backend")
        if let response = table.table("response") {
            options.pristine = response.boolean("pristine")
            options.headers = readHeaderRules(response)
            response.close()
        }
        let caches = table.tableArray("replay_cache").compactMap { readReplayCache($0) }
        options.replayCache = caches.isEmpty ? nil : caches
        if table.has("security_headers") {
            options.securityHeaders = table.choice("security_headers", of: AppConfig.SecurityHeaders.allCases)
        }
        table.close()
        return options
    }

    /// `tls_options` of a port or of `[http_service]`.
    func readTLSOptions(_ table: ConfigTable) -> AppConfig.TLSOptions? {
        guard let table = table.table("tls_options") else { return nil }
        var options = AppConfig.TLSOptions()
        options.alpn = table.strings("alpn")
        if let field = table.take("versions"), let versions = table.strings(field) {
            let known = ["TLSv1.2", "TLSv1.3"]
            for element in field.elements ?? [] {
                guard case .string(let version) = element.node.value, !known.contains(version) else { continue }
                report.mismatch(element, expected: ConfigReport.oneOf(known.map { "\"\($0)\"" }))
            }
            options.versions = versions
        }
        options.defaultSelfSigned = table.boolean("default_self_signed")
        if options.defaultSelfSigned == true { table.hasNoEffect("default_self_signed") }
        table.close()
        return options
    }

    // MARK: - Private

    /// Whether there is a range; a bound that is missing is the first or the last port there is.
    private func readRange(_ table: ConfigTable, into port: inout AppConfig.Port) -> Bool {
        let isRange = table.has("start_port") || table.has("end_port")
        port.start = table.integer("start_port", in: 0...65_535)
        port.end = table.integer("end_port", in: 0...65_535)
        if let start = port.start, let end = port.end, start > end {
            let found = "found \(start), expected at most the end_port, \(end)"
            report.error(table.keyPosition("start_port"), "\(table.join("start_port")): \(found)")
        }
        if isRange, (port.end ?? 65_535) - (port.start ?? 0) >= AppConfig.Port.longest {
            report.warn(
                table.keyPosition(port.start == nil ? "end_port" : "start_port"),
                "\(table.path): the edge opens only the first \(AppConfig.Port.longest) ports of a range"
            )
        }
        return isRange
    }

    private func readHandlers(_ table: ConfigTable) -> [String] {
        let handled = ["http", "tls", "pg_tls", "proxy_proto"]
        let known = handled + ["edge_http"]
        guard let field = table.take("handlers"), let names = table.strings(field) else { return [] }
        for element in field.elements ?? [] {
            guard case .string(let name) = element.node.value, !handled.contains(name) else { continue }
            if known.contains(name) {
                report.hasNoEffect(element.path, at: element.node.position, what: "the handler \"\(name)\"")
            } else {
                report.mismatch(element, expected: ConfigReport.oneOf(Nearest.sorted(known, to: name)))
            }
        }
        return names.filter { known.contains($0) }
    }

    /// False takes a header away, text or a number sets it, a list adds several values.
    private func readHeaderRules(_ table: ConfigTable) -> [String: AppConfig.HeaderRule]? {
        guard let headers = table.table("headers") else { return nil }
        var rules: [String: AppConfig.HeaderRule] = [:]
        for (name, field) in headers.takeAll() {
            switch field.node.value {
            case .boolean(false): rules[name] = .remove
            case .string(let text): rules[name] = .set(text)
            case .integer, .float: rules[name] = .set(ScalarText.text(field.node))
            case .array: rules[name] = headers.strings(field).map { .add($0) }
            default: report.mismatch(field, expected: "false, a string, or a list of strings")
            }
            let values: [String]
            switch rules[name] {
            case .set(let text): values = [text]
            case .add(let texts): values = texts
            case .remove, .unknown, nil: values = []
            }
            if !HTTPText.isToken(name) || !values.allSatisfy({ HTTPText.isFieldValue($0) }) {
                report.mismatch(field, expected: "a header that HTTP allows")
            }
        }
        return rules
    }

    private func readReplayCache(_ table: ConfigTable) -> AppConfig.ReplayCache? {
        let prefix = table.required("path_prefix", expected: "a path such as \"/\", or a host and a path") { key in
            table.string(key)
        }
        let ttl = table.required("ttl_seconds", expected: "an integer from 10 up") { key in
            table.integer(key, in: 10...Int.max)
        }
        let type = table.required("type", expected: "\"cookie\" or \"header\"") { key in
            table.choice(key, of: AppConfig.ReplayCache.Kind.allCases)
        }
        let name = table.required("name", expected: "the name of a cookie or a header") { table.string($0) }
        let bypass = table.boolean("allow_bypass")
        table.close()
        guard let prefix, let ttl, let type, let name else { return nil }
        return AppConfig.ReplayCache(pathPrefix: prefix, ttlSeconds: ttl, type: type, name: name, allowBypass: bypass)
    }
}

extension AppConfig.Port {
    /// The most ports of a range: each is a socket for each of the edge's threads.
    package static let longest = 1000

    /// What the edge makes of it; a bound that is missing is the first or the last port there is.
    var served: MachineConfig.Port? {
        if let port { return MachineConfig.Port(port: port, handlers: handlers) }
        guard start != nil || end != nil else { return nil }
        let first = max(1, start ?? 1)
        let last = min(end ?? 65_535, first + Self.longest - 1)
        return last < first ? nil : MachineConfig.Port(port: first, endPort: last, handlers: handlers)
    }
}
