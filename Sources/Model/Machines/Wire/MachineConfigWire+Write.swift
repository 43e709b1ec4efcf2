extension MachineConfigWire {
    /// The configuration as the API shows it: as its writer gave it, with what the platform decided filled in.
    package static func write(_ config: MachineConfig) -> JSONValue {
        var members = own(config)
        if let given = config.document?.value.object {
            for (name, value) in given where value != .null && !decided.contains(name) { members[name] = value }
            // The size that was meant stands in guest.
            members["size"] = nil
        }
        return .object(members)
    }

    // MARK: - Private

    /// What the record says better than the document does.
    private static let decided: Set<String> = ["image", "metadata", "guest", "mounts", "size"]

    private static func own(_ config: MachineConfig) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "image": .string(MachineImageName.shown(config)),
            "init": program(config),
            "guest": guest(config),
            "restart": .object([
                "policy": .string(config.restart.policy.rawValue),
                "max_retries": .int(Int64(config.restart.maxRetries)),
            ]),
            "stop_config": .object([
                "signal": .string(config.stopConfig.signal.rawValue),
                "timeout": .string(config.stopConfig.timeout.text),
            ]),
        ]
        if !config.env.isEmpty { members["env"] = .strings(config.env) }
        if !config.services.isEmpty { members["services"] = .array(config.services.map(service)) }
        if !config.checks.isEmpty { members["checks"] = .object(config.checks.mapValues(check)) }
        if !config.mounts.isEmpty { members["mounts"] = mounts(config) }
        if !config.metadata.isEmpty { members["metadata"] = .strings(config.metadata) }
        if config.autoDestroy { members["auto_destroy"] = .bool(true) }
        if let metrics = config.metrics {
            members["metrics"] = .object(["port": .int(Int64(metrics.port)), "path": .string(metrics.path)])
        }
        if let files = config.files { members["files"] = .array(files.map(file)) }
        if let statics = config.statics {
            members["statics"] = .array(
                statics.map {
                    .strings(["guest_path": $0.guestPath, "url_prefix": $0.urlPrefix.isEmpty ? "/" : $0.urlPrefix])
                }
            )
        }
        return members
    }

    private static func program(_ config: MachineConfig) -> JSONValue {
        let start = config.`init`
        return .members([
            ("exec", start.exec.map { .strings($0) }), ("entrypoint", start.entrypoint.map { .strings($0) }),
            ("cmd", start.cmd.map { .strings($0) }), ("swap_size_mb", config.swapMiB.map { .int(Int64($0)) }),
        ])
    }

    private static func guest(_ config: MachineConfig) -> JSONValue {
        var members = config.document?.value["guest"]?.object ?? [:]
        members["cpu_kind"] = .string(config.guest.cpuKind.rawValue)
        members["cpus"] = .int(Int64(config.guest.cpus))
        members["memory_mb"] = .int(Int64(config.guest.memoryMiB))
        return .object(members)
    }

    private static func mounts(_ config: MachineConfig) -> JSONValue {
        let given = config.document?.value["mounts"]?.array ?? []
        return .array(
            config.mounts.enumerated().map { index, mount in
                var members = index < given.count ? given[index].object ?? [:] : [:]
                members["path"] = .string(mount.path)
                if let volume = mount.volume { members["volume"] = .string(volume) }
                if !mount.name.isEmpty { members["name"] = .string(mount.name) }
                members["size_gb"] = .int(Int64(mount.sizeGB))
                if let growth = mount.growth {
                    members["extend_threshold_percent"] = .int(Int64(growth.threshold))
                    members["add_size_gb"] = .int(Int64(growth.stepGB))
                    if let limit = growth.limitGB { members["size_gb_limit"] = .int(Int64(limit)) }
                }
                return .object(members)
            }
        )
    }

    private static func file(_ file: MachineConfig.File) -> JSONValue {
        .members([
            ("guest_path", .string(file.guestPath)), ("raw_value", file.rawValue.map { .string($0) }),
            ("secret_name", file.secretName.map { .string($0) }), ("mode", file.mode.map { .int(Int64($0)) }),
        ])
    }

    private static func service(_ service: MachineConfig.Service) -> JSONValue {
        let autostop: JSONValue =
            switch service.autostop {
            case .off: .bool(false)
            case .stop: .bool(true)
            case .suspend, .unknown: .string(service.autostop.rawValue)
            }
        let ports = service.ports.map { shown($0, service) }
        return .members([
            ("protocol", .string("tcp")), ("internal_port", .int(Int64(service.internalPort))),
            ("ports", ports.isEmpty ? nil : .array(ports)), ("autostop", autostop),
            ("autostart", .bool(service.autostart)),
            ("min_machines_running", .int(Int64(service.minMachinesRunning))),
            (
                "concurrency",
                .members([
                    ("type", .string(service.concurrency.type.rawValue)),
                    ("soft_limit", .int(Int64(service.concurrency.softLimit))),
                    ("hard_limit", service.concurrency.hardLimit.map { .int(Int64($0)) }),
                ])
            ),
            ("checks", service.checks.isEmpty ? nil : .array(service.checks.map(check))),
            ("force_instance_key", .null),
        ])
    }

    private static func shown(_ port: MachineConfig.Port, _ service: MachineConfig.Service) -> JSONValue {
        .members([
            ("port", port.endPort == nil ? .int(Int64(port.port)) : nil),
            ("start_port", port.endPort == nil ? nil : .int(Int64(port.port))),
            ("end_port", port.endPort.map { .int(Int64($0)) }), ("handlers", .strings(port.handlers)),
            ("force_https", service.forceHTTPS && port.handlers == ["http"] ? .bool(true) : nil),
            ("http_options", port.httpOptions.flatMap(httpOptions)),
            (
                "tls_options",
                port.tlsOptions.map { options in
                    .members([
                        ("alpn", options.alpn.map { .strings($0) }),
                        ("versions", options.versions.map { .strings($0) }),
                        ("default_self_signed", options.defaultSelfSigned.map { .bool($0) }),
                    ])
                }
            ),
            ("proxy_proto_options", port.proxyProtocol.map { .object(["version": .string($0.rawValue)]) }),
        ])
    }

    private static func httpOptions(_ options: AppConfig.HTTPOptions) -> JSONValue? {
        let headers = options.headers?.mapValues { rule -> JSONValue in
            switch rule {
            case .remove, .unknown: .bool(false)
            case .set(let text): .string(text)
            case .add(let texts): .strings(texts)
            }
        }
        let response = JSONValue.members([
            ("headers", headers.map { .object($0) }), ("pristine", options.pristine.map { .bool($0) }),
        ])
        let caches = options.replayCache?.map { cache in
            JSONValue.members([
                ("path_prefix", .string(cache.pathPrefix)), ("ttl_seconds", .int(Int64(cache.ttlSeconds))),
                ("type", .string(cache.type.rawValue)), ("name", .string(cache.name)),
                ("allow_bypass", cache.allowBypass.map { .bool($0) }),
            ])
        }
        let all = JSONValue.members([
            ("compress", options.compress.map { .bool($0) }),
            ("idle_timeout", options.idleTimeout.map { .int(Int64($0)) }),
            ("headers_read_timeout", options.headersReadTimeout.map { .int(Int64($0)) }),
            ("h2_backend", options.h2Backend.map { .bool($0) }),
            ("response", response == .object([:]) ? nil : response), ("replay_cache", caches.map { .array($0) }),
        ])
        return all == .object([:]) ? nil : all
    }

    private static func check(_ check: MachineConfig.Check) -> JSONValue {
        let isHTTP = check.type == .http
        let headers = check.headers.sorted { $0.key < $1.key }.map { name, value in
            JSONValue.object(["name": .string(name), "values": .strings([value])])
        }
        return .members([
            ("type", .string(check.type.rawValue)), ("port", check.port.map { .int(Int64($0)) }),
            ("interval", .string(check.interval.text)), ("timeout", .string(check.timeout.text)),
            ("grace_period", .string(check.gracePeriod.text)), ("method", isHTTP ? .string(check.method) : nil),
            ("path", isHTTP ? .string(check.path) : nil), ("headers", headers.isEmpty ? nil : .array(headers)),
            ("on_failure", check.onFailure.map { .string($0.rawValue) }),
        ])
    }
}
