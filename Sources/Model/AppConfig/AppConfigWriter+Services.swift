extension AppConfigWriter {
    func httpService(_ service: AppConfig.Service) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        let usual = MachineConfig.Service()
        table.add("internal_port", service.settings.internalPort)
        table.add("force_https", .boolean(service.settings.forceHTTPS), unless: .boolean(usual.forceHTTPS))
        table.addAny("hostnames", service.hostnames)
        addScaling(of: service, to: &table)
        table.add("http_options", service.httpOptions.map(httpOptions))
        table.add("tls_options", service.tlsOptions.map(tlsOptions))
        table.add("rate_limit", service.rateLimit.map(rateLimit))
        table.add("checks", .tables(checks(of: service, .http)))
        table.add("machine_checks", machineChecks(service.machineChecks))
        return table.value
    }

    func service(_ service: AppConfig.Service) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        table.add("protocol", service.transport?.rawValue ?? AppConfig.Transport.tcp.rawValue)
        table.add("internal_port", service.settings.internalPort)
        addScaling(of: service, to: &table)
        table.add("ports", .tables((service.ports ?? Self.ports(of: service.settings)).map(port)))
        table.add("rate_limit", service.rateLimit.map(rateLimit))
        table.add("tcp_checks", .tables(checks(of: service, .tcp)))
        table.add("http_checks", .tables(checks(of: service, .http)))
        table.add("machine_checks", machineChecks(service.machineChecks))
        return table.value
    }

    /// One of `[checks.<name>]`.
    func check(_ check: AppConfig.Check) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        table.add("type", check.settings.type.rawValue)
        table.add("port", check.settings.port)
        addTimes(of: check.settings, to: &table)
        addRequest(of: check, to: &table)
        table.addAny("processes", check.processes)
        return table.value
    }

    // MARK: - Private

    private func addScaling(of service: AppConfig.Service, to table: inout ConfigEntries) {
        let settings = service.settings
        let usual = MachineConfig.Service()
        table.add("auto_stop_machines", autostop(settings.autostop), unless: autostop(usual.autostop))
        table.add("auto_start_machines", .boolean(settings.autostart), unless: .boolean(usual.autostart))
        let least = ConfigNode.Value.integer(settings.minMachinesRunning)
        table.add("min_machines_running", least, unless: .integer(usual.minMachinesRunning))
        table.addAny("processes", service.processes)
        let concurrency = settings.concurrency
        guard !style.omitsDefaults || concurrency != usual.concurrency else { return }
        var limits = ConfigEntries(style)
        limits.add("type", concurrency.type.rawValue)
        limits.add("soft_limit", concurrency.softLimit)
        limits.add("hard_limit", concurrency.hardLimit)
        table.add("concurrency", limits.value)
    }

    private func autostop(_ autostop: MachineConfig.Autostop) -> ConfigNode.Value {
        guard style.hasWireForm, autostop != .suspend else { return .string(autostop.rawValue) }
        return .boolean(autostop == .stop)
    }

    /// The ports of a configuration that was stored before ports were kept as they are in the file.
    private static func ports(of settings: MachineConfig.Service) -> [AppConfig.Port] {
        var ports = settings.ports.map { AppConfig.Port(port: $0.port, handlers: $0.handlers) }
        let plain = ports.firstIndex { $0.handlers == ["http"] } ?? ports.firstIndex { $0.handlers.contains("http") }
        if settings.forceHTTPS, let plain { ports[plain].forceHTTPS = true }
        return ports
    }

    private func port(_ port: AppConfig.Port) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        table.add("port", port.port)
        table.add("start_port", port.start)
        table.add("end_port", port.end)
        table.addAny("handlers", port.handlers)
        table.add("force_https", .boolean(port.forceHTTPS), unless: .boolean(false))
        table.add("http_options", port.httpOptions.map(httpOptions))
        table.add("tls_options", port.tlsOptions.map(tlsOptions))
        table.add("proxy_proto_options", port.proxyProtocol.map { .map(["version": $0.rawValue]) })
        return table.value
    }

    private func checks(of service: AppConfig.Service, _ kind: MachineConfig.Check.Kind) -> [ConfigNode.Value] {
        service.settings.checks.enumerated().filter { $0.element.type == kind }.map { index, settings in
            var check = AppConfig.Check(settings: settings)
            check.tls = service.checkTLS?[index]
            var table = ConfigEntries(style)
            addTimes(of: settings, to: &table)
            if kind == .http { addRequest(of: check, to: &table) }
            return table.value
        }
    }

    private func addTimes(of check: MachineConfig.Check, to table: inout ConfigEntries) {
        let usual = MachineConfig.Check(type: check.type)
        table.add("interval", .string(check.interval.text), unless: .string(usual.interval.text))
        table.add("timeout", .string(check.timeout.text), unless: .string(usual.timeout.text))
        table.add("grace_period", .string(check.gracePeriod.text), unless: .string(usual.gracePeriod.text))
        table.add("on_failure", check.onFailure?.rawValue)
    }

    private func addRequest(of check: AppConfig.Check, to table: inout ConfigEntries) {
        let usual = MachineConfig.Check(type: check.settings.type)
        // A check of TCP makes no request, but what the file says of one is kept.
        let isRequest = check.settings.type == .http
        if isRequest || check.settings.method != usual.method {
            table.add("method", .string(check.settings.method), unless: .string(usual.method))
        }
        if isRequest || check.settings.path != usual.path {
            table.add("path", .string(check.settings.path), unless: .string(usual.path))
        }
        if let tls = check.tls {
            if tls.usesHTTPS { table.add("protocol", "https") }
            if tls.skipsVerification { table.add("tls_skip_verify", true) }
            table.add("tls_server_name", tls.serverName)
        }
        table.addAny("headers", check.settings.headers)
    }

    private func httpOptions(_ options: AppConfig.HTTPOptions) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        table.add("compress", options.compress)
        table.add("idle_timeout", options.idleTimeout)
        table.add("headers_read_timeout", options.headersReadTimeout)
        table.add("h2_backend", options.h2Backend)
        var response = ConfigEntries(style)
        response.add("pristine", options.pristine)
        response.add("headers", options.headers.map { .map($0, headerRule) })
        table.add("response", response.valueIfAny)
        table.add("replay_cache", .tables((options.replayCache ?? []).map(replayCache)))
        table.add("security_headers", options.securityHeaders?.rawValue)
        return table.value
    }

    private func headerRule(_ rule: AppConfig.HeaderRule) -> ConfigNode.Value {
        switch rule {
        case .remove: .boolean(false)
        case .set(let text): .string(text)
        case .add(let texts): .strings(texts)
        // There is no word for it in this version's file.
        case .unknown: .boolean(false)
        }
    }

    private func replayCache(_ cache: AppConfig.ReplayCache) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        table.add("path_prefix", cache.pathPrefix)
        table.add("ttl_seconds", cache.ttlSeconds)
        table.add("type", cache.type.rawValue)
        table.add("name", cache.name)
        table.add("allow_bypass", cache.allowBypass)
        return table.value
    }

    private func tlsOptions(_ options: AppConfig.TLSOptions) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        table.add("alpn", options.alpn)
        table.add("versions", options.versions)
        table.add("default_self_signed", options.defaultSelfSigned)
        return table.value
    }
}
