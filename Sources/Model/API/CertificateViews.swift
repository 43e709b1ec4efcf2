/// A host name in a list of certificates.
///
/// > Source: `machines-api`, section 13.
package struct CertificateSummary: Codable, Equatable, Sendable {
    package var hostname: String
    package var status: String
    package var configured: Bool
    package var acmeRequested: Bool
    package var acmeHTTPConfigured: Bool
    package var acmeALPNConfigured = false
    package var acmeDNSConfigured = false
    package var ownershipTXTConfigured = false
    package var hasCustomCertificate: Bool
    package var hasFlyCertificate: Bool
    package var createdAt: String
    package var updatedAt: String
    /// Of the one that is presented; not in Fly's form.
    package var expiresAt: String?
    /// Why there is none, or why it was not renewed; not in Fly's form.
    package var trouble: String?

    package enum CodingKeys: String, CodingKey {
        case hostname, status, configured, trouble
        case acmeRequested = "acme_requested"
        case acmeHTTPConfigured = "acme_http_configured"
        case acmeALPNConfigured = "acme_alpn_configured"
        case acmeDNSConfigured = "acme_dns_configured"
        case ownershipTXTConfigured = "ownership_txt_configured"
        case hasCustomCertificate = "has_custom_certificate"
        case hasFlyCertificate = "has_fly_certificate"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case expiresAt = "expires_at"
    }
}

/// All about one host name's certificates.
package struct CertificateDetail: Codable, Equatable, Sendable {
    package var hostname: String
    package var configured: Bool
    package var acmeRequested: Bool
    package var status: String
    package var rateLimitedUntil: String?
    package var certificates: [Certificate]
    package var validation: Validation
    package var dnsRequirements: Requirements
    package var validationErrors: [ValidationError]
    /// Only after a check.
    package var dnsRecords: Records?
    /// When the authority is asked again; not in Fly's form.
    package var nextTry: String?
    /// After what was taken away, if something is served no more.
    package var warning: String?

    package enum CodingKeys: String, CodingKey {
        case hostname, configured, status, certificates, validation, warning
        case acmeRequested = "acme_requested"
        case rateLimitedUntil = "rate_limited_until"
        case dnsRequirements = "dns_requirements"
        case validationErrors = "validation_errors"
        case dnsRecords = "dns_records"
        case nextTry = "next_try"
    }

    /// A certificate by where it is from: `custom`, `fly` (an authority, by ACME), `local`.
    package struct Certificate: Codable, Equatable, Sendable {
        package var source: String
        package var status: String
        package var createdAt: String
        package var expiresAt: String
        package var issuer: String
        package var issued: [Issued]
        /// Whether it is the one that clients get.
        package var presented: Bool

        package enum CodingKeys: String, CodingKey {
            case source, status, issuer, issued, presented
            case createdAt = "created_at"
            case expiresAt = "expires_at"
        }
    }

    /// One certificate that was made, and until when it is good.
    package struct Issued: Codable, Equatable, Sendable {
        package var type: String
        package var expiresAt: String
        package var certificateAuthority: String

        package enum CodingKeys: String, CodingKey {
            case type
            case expiresAt = "expires_at"
            case certificateAuthority = "certificate_authority"
        }
    }

    /// What has been seen of a name's way to this host.
    package struct Validation: Codable, Equatable, Sendable {
        package var dnsConfigured: Bool
        package var httpConfigured: Bool
        package var alpnConfigured = false
        package var ownershipTXTConfigured = false

        package enum CodingKeys: String, CodingKey {
            case dnsConfigured = "dns_configured"
            case httpConfigured = "http_configured"
            case alpnConfigured = "alpn_configured"
            case ownershipTXTConfigured = "ownership_txt_configured"
        }
    }

    /// What the name's DNS should say.
    package struct Requirements: Codable, Equatable, Sendable {
        package var a: [String]
        package var aaaa: [String]
    }

    /// Why an authority could not be shown that a name is the host's.
    package struct ValidationError: Codable, Equatable, Sendable {
        package var code: String
        package var message: String
        package var remediation: String
        package var timestamp: String

        package init(code: String, message: String, remediation: String, timestamp: String) {
            self.code = code
            self.message = message
            self.remediation = remediation
            self.timestamp = timestamp
        }
    }

    /// What the name's DNS says.
    package struct Records: Codable, Equatable, Sendable {
        package var a: [String]
        package var aaaa: [String]
        package var resolvedAddresses: [String]

        package init(resolvedAddresses: [String]) {
            a = resolvedAddresses.filter { !$0.contains(":") }
            aaaa = resolvedAddresses.filter { $0.contains(":") }
            self.resolvedAddresses = resolvedAddresses
        }

        package enum CodingKeys: String, CodingKey {
            case a, aaaa
            case resolvedAddresses = "resolved_addresses"
        }
    }
}

/// What `GET /v1/apps/{app}/certificates` answers.
package struct CertificateList: Codable, Equatable, Sendable {
    package var certificates: [CertificateSummary]
    package var totalCount: Int
    package var nextCursor: String?

    package init(certificates: [CertificateSummary], totalCount: Int, nextCursor: String?) {
        self.certificates = certificates
        self.totalCount = totalCount
        self.nextCursor = nextCursor
    }

    package enum CodingKeys: String, CodingKey {
        case certificates
        case totalCount = "total_count"
        case nextCursor = "next_cursor"
    }
}

/// What is brought for a host name: `POST /v1/apps/{app}/certificates/custom`.
package struct CertificateImport: Codable, Sendable {
    package var hostname: String
    package var fullchain: String
    package var privateKey: String

    package init(hostname: String, fullchain: String, privateKey: String) {
        self.hostname = hostname
        self.fullchain = fullchain
        self.privateKey = privateKey
    }

    package enum CodingKeys: String, CodingKey {
        case hostname, fullchain
        case privateKey = "private_key"
    }
}
