extension HostCertificate: KeyedForm {
    package static var schema: Int? { 1 }

    package static var blank: HostCertificate {
        HostCertificate(hostname: "", app: nil, at: Timestamp(milliseconds: 0), acme: false)
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("hostname", &hostname)
        try form.field("app", &app)
        try form.field("createdAt", &createdAt)
        try form.field("updatedAt", &updatedAt)
        try form.field("acme", &acme)
        try form.field("custom", &custom)
        try form.field("issued", &issued)
        try form.field("local", &local)
        try form.field("trouble", &trouble)
    }
}

extension HostCertificate.Issued: KeyedForm {
    package static var blank: HostCertificate.Issued {
        let never = Timestamp(milliseconds: 0)
        let facts = CertificateFacts(names: [], issuer: "", validity: never...never, serial: "", kind: .other)
        return HostCertificate.Issued(chain: "", key: "", facts: facts)
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("chain", &chain)
        try form.need("key", &key)
        try form.field("names", &names)
        try form.field("issuer", &issuer)
        try form.field("notBefore", &notBefore)
        try form.field("notAfter", &notAfter)
        try form.field("serial", &serial)
        try form.field("kind", &kind)
    }
}

extension HostCertificate.Issued.Kind {
    /// Of a kind that only a later version tells apart.
    package init(from decoder: any Decoder) throws {
        self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .other
    }
}

extension HostCertificate.Trouble: KeyedForm {
    package static var blank: HostCertificate.Trouble {
        let never = Timestamp(milliseconds: 0)
        return HostCertificate.Trouble(failures: 0, message: "", at: never, nextTry: never)
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("failures", &failures)
        try form.field("message", &message)
        try form.field("at", &at)
        try form.field("nextTry", &nextTry)
        try form.field("rateLimitedUntil", &rateLimitedUntil)
    }
}
