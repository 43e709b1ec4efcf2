extension MachineConfigWire {
    /// A port, or a range of them, with its options.
    static func readPort(_ entry: WireReader, _ handlers: [String]) throws(Fault) -> MachineConfig.Port {
        let bounds = (try entry.int("start_port", in: 1...65_535), try entry.int("end_port", in: 1...65_535))
        var port: MachineConfig.Port
        if let single = try entry.int("port", in: 1...65_535) {
            port = MachineConfig.Port(port: single, handlers: handlers)
        } else if let first = bounds.0, let last = bounds.1 {
            guard first <= last else { throw entry.fault("end_port", "is below start_port") }
            port = MachineConfig.Port(
                port: first,
                endPort: min(last, first + AppConfig.Port.longest - 1),
                handlers: handlers
            )
        } else {
            throw entry.fault("port", "is missing: expected port, or start_port and end_port")
        }
        port.httpOptions = try entry.object("http_options").map { reader throws(Fault) in try httpOptions(reader) }
        if let options = try entry.object("tls_options") {
            port.tlsOptions = AppConfig.TLSOptions(
                alpn: try options.strings("alpn"),
                versions: try options.strings("versions"),
                defaultSelfSigned: try options.bool("default_self_signed")
            )
        }
        if let word = try entry.object("proxy_proto_options")?.string("version"), !word.isEmpty {
            guard let version = AppConfig.ProxyProtocol(rawValue: word) else {
                throw entry.fault("proxy_proto_options", "expected v1 or v2, found \(ConfigNode.quoted(word))")
            }
            port.proxyProtocol = version
        }
        return port
    }

    // MARK: - Private

    private static func httpOptions(_ reader: WireReader) throws(Fault) -> AppConfig.HTTPOptions {
        var options = AppConfig.HTTPOptions()
        options.compress = try reader.bool("compress")
        options.idleTimeout = try reader.int("idle_timeout", in: 0...Int64(UInt32.max))
        options.headersReadTimeout = try reader.int("headers_read_timeout", in: 0...Int64(UInt32.max))
        options.h2Backend = try reader.bool("h2_backend")
        if let response = try reader.object("response") {
            options.pristine = try response.bool("pristine")
            options.headers = try headerRules(response)
        }
        var caches: [AppConfig.ReplayCache] = []
        for cache in try reader.objects("replay_cache") {
            guard let prefix = try cache.string("path_prefix"), let name = try cache.string("name"),
                let seconds = try cache.int("ttl_seconds", in: 10...86_400 * 365),
                let kind = AppConfig.ReplayCache.Kind(rawValue: try cache.string("type") ?? "")
            else { throw reader.fault("replay_cache", "expected path_prefix, ttl_seconds from 10 up, type and name") }
            caches.append(
                AppConfig.ReplayCache(
                    pathPrefix: prefix,
                    ttlSeconds: seconds,
                    type: kind,
                    name: name,
                    allowBypass: try cache.bool("allow_bypass")
                )
            )
        }
        options.replayCache = caches.isEmpty ? nil : caches
        return options
    }

    private static func headerRules(_ reader: WireReader) throws(Fault) -> [String: AppConfig.HeaderRule]? {
        guard let headers = try reader.object("headers") else { return nil }
        var rules: [String: AppConfig.HeaderRule] = [:]
        for (name, value) in headers.members {
            let values = value.array?.compactMap(\.string) ?? value.string.map { [$0] } ?? []
            guard HTTPText.isToken(name), values.allSatisfy({ HTTPText.isFieldValue($0) }) else {
                throw headers.fault(name, "expected a header that HTTP allows")
            }
            switch value {
            case .bool(false): rules[name] = .remove
            case .string(let text): rules[name] = .set(text)
            case .array(let items) where items.count == values.count: rules[name] = .add(values)
            default: throw headers.fault(name, "expected false, a string or a list of strings, found \(value.kind)")
            }
        }
        return rules
    }
}
