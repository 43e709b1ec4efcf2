// The form of an app's services; ``KeyedForm`` says how it may grow.

extension AppConfig.Service: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("processes", &processes)
        try form.field("hostnames", &hostnames)
        try form.field("settings", &settings)
        try form.field("transport", &transport)
        try form.field("ports", &ports)
        try form.field("httpOptions", &httpOptions)
        try form.field("tlsOptions", &tlsOptions)
        try form.field("checkTLS", &checkTLS)
        try form.field("machineChecks", &machineChecks)
        try form.field("rateLimit", &rateLimit)
    }
}

extension AppConfig.Port: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("port", &port)
        try form.field("start", &start)
        try form.field("end", &end)
        try form.field("handlers", &handlers)
        try form.field("forceHTTPS", &forceHTTPS)
        try form.field("httpOptions", &httpOptions)
        try form.field("tlsOptions", &tlsOptions)
        try form.field("proxyProtocol", &proxyProtocol)
    }
}

extension AppConfig.TLSOptions: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("alpn", &alpn)
        try form.field("versions", &versions)
        try form.field("defaultSelfSigned", &defaultSelfSigned)
    }
}

extension AppConfig.HTTPOptions: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("compress", &compress)
        try form.field("idleTimeout", &idleTimeout)
        try form.field("headersReadTimeout", &headersReadTimeout)
        try form.field("h2Backend", &h2Backend)
        try form.field("headers", &headers)
        try form.field("pristine", &pristine)
        try form.field("replayCache", &replayCache)
        try form.field("securityHeaders", &securityHeaders)
        // As a Machine's port had it, when that was all there was.
        idleTimeout = try form.former("idle_timeout", as: Int.self) ?? idleTimeout
    }
}

extension AppConfig.ReplayCache: KeyedForm {
    package static var blank: Self { Self(pathPrefix: "", ttlSeconds: 0, type: .cookie, name: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("pathPrefix", &pathPrefix)
        try form.need("ttlSeconds", &ttlSeconds)
        try form.need("type", &type)
        try form.field("name", &name)
        try form.field("allowBypass", &allowBypass)
    }
}

/// `{"set": "x"}`, `{"add": ["x"]}` or `{"remove": true}`; the first shape had a `_0` in each.
extension AppConfig.HeaderRule: Codable {
    private enum Key: String, CodingKey {
        case remove, set, add
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        if let text = try values.decodeIfPresent(Bare<String>.self, forKey: .set) {
            self = .set(text.value)
        } else if let texts = try values.decodeIfPresent(Bare<[String]>.self, forKey: .add) {
            self = .add(texts.value)
        } else if values.contains(.remove) {
            self = .remove
        } else {
            self = .unknown(try ConfigValue(from: decoder))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        if case .unknown(let value) = self { return try value.encode(to: encoder) }
        var values = encoder.container(keyedBy: Key.self)
        switch self {
        case .remove, .unknown: try values.encode(true, forKey: .remove)
        case .set(let text): try values.encode(text, forKey: .set)
        case .add(let texts): try values.encode(texts, forKey: .add)
        }
    }
}

extension AppConfig.CheckTLS: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("usesHTTPS", &usesHTTPS)
        try form.field("skipsVerification", &skipsVerification)
        try form.field("serverName", &serverName)
    }
}
