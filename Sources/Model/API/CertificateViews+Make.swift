extension CertificateSummary {
    /// A record as of `now`.
    package init(_ record: HostCertificate, at now: Timestamp) {
        let presented = record.presented(at: now)
        self.init(
            hostname: record.hostname,
            status: record.status(at: now),
            configured: presented?.isValid(at: now) ?? false,
            acmeRequested: record.acme,
            acmeHTTPConfigured: record.issued != nil,
            hasCustomCertificate: record.custom != nil,
            hasFlyCertificate: record.issued != nil,
            createdAt: record.createdAt.rfc3339,
            updatedAt: record.updatedAt.rfc3339,
            expiresAt: presented?.notAfter.rfc3339,
            trouble: record.trouble?.message
        )
    }
}

extension CertificateDetail {
    /// A record as of `now`; `addresses` are the host's own, for what DNS should say.
    package init(_ record: HostCertificate, at now: Timestamp, addresses: [String]) {
        let presented = record.presented(at: now)
        let sources: [(String, HostCertificate.Issued?)] = [
            ("custom", record.custom), ("fly", record.issued), ("local", record.local),
        ]
        self.init(
            hostname: record.hostname,
            configured: presented?.isValid(at: now) ?? false,
            acmeRequested: record.acme,
            status: record.status(at: now),
            rateLimitedUntil: record.trouble?.rateLimitedUntil?.rfc3339,
            certificates: sources.compactMap { source, issued in
                issued.map { Certificate($0, source: source, presented: $0 == presented, at: now) }
            },
            validation: Validation(dnsConfigured: false, httpConfigured: record.issued != nil),
            dnsRequirements: Requirements(
                a: addresses.filter { !$0.contains(":") },
                aaaa: addresses.filter { $0.contains(":") }
            ),
            validationErrors: record.trouble.map { [ValidationError($0)] } ?? [],
            nextTry: record.trouble?.nextTry.rfc3339
        )
    }
}

extension CertificateDetail.Certificate {
    fileprivate init(_ issued: HostCertificate.Issued, source: String, presented: Bool, at now: Timestamp) {
        self.init(
            source: source,
            status: issued.isValid(at: now) ? "active" : "expired",
            createdAt: issued.notBefore.rfc3339,
            expiresAt: issued.notAfter.rfc3339,
            issuer: issued.issuer,
            issued: [
                .init(
                    type: issued.kind.rawValue,
                    expiresAt: issued.notAfter.rfc3339,
                    certificateAuthority: issued.issuer
                )
            ],
            presented: presented
        )
    }
}

extension CertificateDetail.ValidationError {
    fileprivate init(_ trouble: HostCertificate.Trouble) {
        self.init(
            code: trouble.rateLimitedUntil == nil ? "acme_failed" : "rate_limited",
            message: trouble.message,
            remediation: "the next try is at \(trouble.nextTry.rfc3339); roost certs check HOST tries sooner",
            timestamp: trouble.at.rfc3339
        )
    }
}
