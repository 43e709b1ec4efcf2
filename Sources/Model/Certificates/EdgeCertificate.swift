/// A certificate as the edge has it: with its private key, ready to be presented.
package struct EdgeCertificate: Equatable, Sendable {
    /// Lower case; may begin with `*.`.
    package var hostname: String
    /// Changes when anything of it does.
    package var id: String
    /// PEM, the certificate itself first.
    package var chain: String
    /// PEM.
    package var key: String

    package init(hostname: String, id: String, chain: String, key: String) {
        self.hostname = hostname
        self.id = id
        self.chain = chain
        self.key = key
    }
}

/// What an edge is told about certificates: what is new and what is gone since it was last told.
package struct CertificateNews: Equatable, Sendable {
    /// Grows with each; the edge reports the one that it has taken in.
    package var revision: Int64
    package var put: [EdgeCertificate]
    /// Host names without a certificate from now on.
    package var removed: [String]
    /// All host names there are, in the last part of what a new edge is told; what it has of others goes.
    package var all: [String]?
    /// All answers to the authority's questions that are open, by token.
    package var challenges: [String: String]?

    package init(
        revision: Int64,
        put: [EdgeCertificate] = [],
        removed: [String] = [],
        all: [String]? = nil,
        challenges: [String: String]? = nil
    ) {
        self.revision = revision
        self.put = put
        self.removed = removed
        self.all = all
        self.challenges = challenges
    }

    /// Certificates in one part: a part is one line, and a line has a largest size.
    package static let partSize = 200

    /// All that edges are to know.
    package struct Whole: Sendable {
        package var certificates: [String: EdgeCertificate]
        /// Host names whose certificates can't be had at the moment: an edge that has one keeps it.
        package var kept: Set<String>
        package var challenges: [String: String]
        package var revision: Int64

        package init(
            certificates: [String: EdgeCertificate],
            kept: Set<String> = [],
            challenges: [String: String] = [:],
            revision: Int64
        ) {
            self.certificates = certificates
            self.kept = kept
            self.challenges = challenges
            self.revision = revision
        }
    }

    /// What to tell an edge that has `known` (identity by host name) of what there is.
    ///
    /// - Parameters:
    ///   - known: what it was told so far; nil for an edge that was told nothing.
    ///   - whole: all there is.
    /// - Returns: the parts, in order; only the last has a revision, which says that all is said, and the challenges.
    package static func parts(known: [String: String]?, of whole: Whole) -> [CertificateNews] {
        let changed = whole.certificates.values.filter { known?[$0.hostname] != $0.id }
            .sorted { $0.hostname < $1.hostname }
        var parts: [CertificateNews] = []
        for start in stride(from: 0, to: changed.count, by: partSize) {
            parts.append(.init(revision: 0, put: Array(changed[start..<min(start + partSize, changed.count)])))
        }
        var last = parts.popLast() ?? CertificateNews(revision: 0)
        last.revision = whole.revision
        last.challenges = whole.challenges
        let names = whole.kept.union(whole.certificates.keys)
        if let known {
            last.removed = known.keys.filter { !names.contains($0) }.sorted()
        } else {
            last.all = names.sorted()
        }
        return parts + [last]
    }
}
