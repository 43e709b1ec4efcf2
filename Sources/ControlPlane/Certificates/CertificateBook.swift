import Model
import Toolkit

/// What all edges are to present and to answer now, and what each of them has taken in.
package actor CertificateBook {
    package init() {}

    // MARK: - For the keeper

    /// Everything there is, in place of what there was.
    ///
    /// - Parameters:
    ///   - certificates: by host name.
    ///   - kept: names whose certificates can't be read here: an edge that has one goes on presenting it.
    func publish(_ certificates: [String: EdgeCertificate], kept: Set<String>) {
        guard !isLoaded || certificates != self.certificates || kept != self.kept else { return }
        isLoaded = true
        self.certificates = certificates
        self.kept = kept
        changed()
    }

    /// Lets every edge answer an authority's question, and returns once they all do.
    ///
    /// - Throws: ``Fault`` `unreachable` without an edge, `timedOut` when one takes too long.
    func answer(_ token: String, _ text: String) async throws {
        challenges[token] = text
        changed()
        guard !edges.isEmpty else {
            challenges[token] = nil
            throw Fault(
                .unreachable,
                "no edge is connected that could answer the authority",
                hint: "is `roostd edge` running, and does it listen on port 80?"
            )
        }
        let wanted = revision
        try await withTimeout(Self.patience, "the edges' taking in of a challenge") {
            for await _ in await self.follow() {
                if await self.edges.values.allSatisfy({ $0 >= wanted }) { return }
            }
        }
    }

    func withdraw(_ token: String) {
        guard challenges.removeValue(forKey: token) != nil else { return }
        changed()
    }

    // MARK: - For edges

    func connect(_ number: Int) { edges[number] = 0 }

    func disconnect(_ number: Int) {
        edges[number] = nil
        ring()
    }

    func secured(_ number: Int, _ revision: Int64) {
        edges[number] = revision
        ring()
    }

    /// Rings whenever something is new; the first time at once.
    func follow() -> AsyncStream<Void> {
        let (stream, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        bell.yield()
        nextBell += 1
        bells[nextBell] = bell
        return stream
    }

    /// What an edge has to be told that knows `known`, and what it knows then; nil before anything is known here.
    func news(for known: Known?) -> (parts: [CertificateNews], known: Known)? {
        guard isLoaded, known?.revision != revision else { return nil }
        let parts = CertificateNews.parts(
            known: known?.identities,
            of: .init(certificates: certificates, kept: kept, challenges: challenges, revision: revision)
        )
        return (parts, Known(identities: certificates.mapValues(\.id), revision: revision))
    }

    /// What an edge was told.
    struct Known: Sendable {
        var identities: [String: String]
        var revision: Int64
    }

    // MARK: - Private

    private static let patience = Duration.seconds(10)

    private var certificates: [String: EdgeCertificate] = [:]
    private var kept: Set<String> = []
    private var challenges: [String: String] = [:]
    private var revision: Int64 = 1
    private var isLoaded = false
    private var edges: [Int: Int64] = [:]
    private var bells: [Int: AsyncStream<Void>.Continuation] = [:]
    private var nextBell = 0

    private func changed() {
        revision += 1
        ring()
    }

    private func ring() {
        for (number, bell) in bells {
            if case .terminated = bell.yield() { bells[number] = nil }
        }
    }
}
