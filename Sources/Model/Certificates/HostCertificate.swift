/// A host name's certificates: what was asked for, what there is, and how the last try went.
///
/// Private keys are no part of it: they are files of their own, named here.
package struct HostCertificate: Equatable, Sendable {
    /// Lower case; begins with `*.` when it stands for all names one label below.
    package var hostname: String
    /// Whose it is; nil for one of the platform's own domain, which all apps share.
    package var app: String?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Whether a certificate is to be had from the authority that the host is set up with.
    package var acme: Bool
    /// Brought by a person.
    package var custom: Issued?
    /// From the authority, by ACME.
    package var issued: Issued?
    /// From this host's own authority, for names that nobody else can vouch for.
    package var local: Issued?
    /// How getting or renewing it has gone since it last went well.
    package var trouble: Trouble?

    package init(hostname: String, app: String?, at now: Timestamp, acme: Bool) {
        self.hostname = hostname
        self.app = app
        createdAt = now
        updatedAt = now
        self.acme = acme
    }

    /// Where a certificate is from.
    package enum Source: Sendable {
        case custom
        case authority
        case local
    }

    /// The certificate that is from there.
    package subscript(_ source: Source) -> Issued? {
        get {
            switch source {
            case .custom: custom
            case .authority: issued
            case .local: local
            }
        }
        set {
            switch source {
            case .custom: custom = newValue
            case .authority: issued = newValue
            case .local: local = newValue
            }
        }
    }

    /// A certificate with its chain.
    package struct Issued: Equatable, Sendable {
        /// PEM, the certificate itself first.
        package var chain: String
        /// The name of its private key's file.
        package var key: String
        package var names: [String]
        package var issuer: String
        package var notBefore: Timestamp
        package var notAfter: Timestamp
        /// Hexadecimal.
        package var serial: String
        package var kind: Kind

        /// Who signed it.
        package enum Kind: String, Codable, Sendable {
            case rsa
            case ecdsa
            case other
        }

        package init(chain: String, key: String, facts: CertificateFacts) {
            self.chain = chain
            self.key = key
            names = facts.names
            issuer = facts.issuer
            notBefore = facts.notBefore
            notAfter = facts.notAfter
            serial = facts.serial
            kind = facts.kind
        }
    }

    /// Tries that failed, one after the other.
    package struct Trouble: Equatable, Sendable {
        package var failures: Int
        package var message: String
        package var at: Timestamp
        package var nextTry: Timestamp
        /// Set when the authority said how long it will not hear of us.
        package var rateLimitedUntil: Timestamp?

        package init(failures: Int, message: String, at: Timestamp, nextTry: Timestamp) {
            self.failures = failures
            self.message = message
            self.at = at
            self.nextTry = nextTry
        }
    }
}

/// What a certificate says of itself.
package struct CertificateFacts: Equatable, Sendable {
    /// Host names that it is good for; addresses are left out.
    package var names: [String]
    package var issuer: String
    package var notBefore: Timestamp
    package var notAfter: Timestamp
    package var serial: String
    package var kind: HostCertificate.Issued.Kind

    package init(
        names: [String],
        issuer: String,
        validity: ClosedRange<Timestamp>,
        serial: String,
        kind: HostCertificate.Issued.Kind
    ) {
        self.names = names
        self.issuer = issuer
        notBefore = validity.lowerBound
        notAfter = validity.upperBound
        self.serial = serial
        self.kind = kind
    }
}

extension HostCertificate {
    /// The one to present now: a person's own first, then the authority's, then this host's.
    ///
    /// One that has expired only when there is no other: a browser says then what is wrong, and when that began.
    package func presented(at now: Timestamp) -> Issued? {
        let all = [custom, issued, local].compactMap(\.self)
        return all.first { $0.isValid(at: now) } ?? all.max { $0.notAfter < $1.notAfter }
    }

    /// Names of key files that it needs.
    package var keys: Set<String> { Set([custom, issued, local].compactMap { $0?.key }) }

    /// Fly's word for how far it is.
    package func status(at now: Timestamp) -> String {
        guard let presented = presented(at: now) else { return "pending_validation" }
        return presented.isValid(at: now) ? "active" : "expired"
    }
}

extension HostCertificate.Issued {
    /// Whether its time has come and is not over.
    package func isValid(at now: Timestamp) -> Bool { notBefore <= now && now < notAfter }

    /// When a new one is to be had: at two thirds of its life, or a little before, each name at a moment of its own.
    package func renewal(of hostname: String) -> Timestamp { Renewal.due(notBefore, notAfter, name: hostname) }
}
