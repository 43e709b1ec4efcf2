import Certificates
import Foundation
import Model
import Synchronization
import Testing
import Toolkit

/// Certificates from the distribution's test authority.
@Suite("ACME", .serialized, .enabled(if: Pebble.isThere, "needs pebble and openssl: scripts/install.sh test"))
struct ACMETests {
    private func obtain(
        _ name: String,
        _ pebble: Pebble,
        key: String = ACMEClient.makeAccountKey()
    ) async throws -> (ACMEOutcome, SigningRequest, Answers) {
        let transport = try ACMETransport(pebble.settings)
        let client = try ACMEClient(
            settings: pebble.settings,
            accountKey: key,
            transport: { try await transport.send($0) }
        )
        let request = try SigningRequest(name)
        let answers = Answers()
        var outcome: ACMEOutcome?
        try await answers.listen(on: pebble.httpPort) {
            outcome = try await client.obtain(name, request: request.request, answers: answers.acme)
        }
        await transport.shutdown()
        return (try #require(outcome), request, answers)
    }

    private func check(_ outcome: ACMEOutcome, _ request: SigningRequest, _ name: String, _ pebble: Pebble) throws {
        guard case .issued(let chain) = outcome else {
            Issue.record("\(outcome)\n\(pebble.log.suffix(3000))")
            return
        }
        let pair = try CertificateReader.check(chain: chain, key: request.key, for: name, at: .now())
        #expect(pair.facts.names == [name] && pair.facts.issuer.contains("Pebble"))
        // The certificate and the one between it and the root.
        #expect(pair.chain.components(separatedBy: "BEGIN CERTIFICATE").count == 3)
    }

    @Test("an account, an order, an answer, a certificate; and again with the same account")
    func issued() async throws {
        try await Pebble.with { pebble in
            let key = ACMEClient.makeAccountKey()
            for name in ["www.example.com", "api.example.com"] {
                let (outcome, request, answers) = try await obtain(name, pebble, key: key)
                try check(outcome, request, name, pebble)
                #expect(answers.questions > 0 && answers.isEmpty)
            }
        }
    }

    @Test("every second nonce is refused, and it is issued all the same")
    func nonces() async throws {
        try await Pebble.with(["PEBBLE_WFE_NONCEREJECT": "50"]) { pebble in
            let (outcome, request, _) = try await obtain("www.example.com", pebble)
            try check(outcome, request, "www.example.com", pebble)
        }
    }

    @Test("an authority that takes its time is waited for")
    func slow() async throws {
        try await Pebble.with(["PEBBLE_VA_NOSLEEP": "0", "PEBBLE_VA_SLEEPTIME": "4"]) { pebble in
            let (outcome, request, _) = try await obtain("www.example.com", pebble)
            try check(outcome, request, "www.example.com", pebble)
        }
    }

    @Test("a wrong answer is refused with the authority's words")
    func refused() async throws {
        try await Pebble.with { pebble in
            let transport = try ACMETransport(pebble.settings)
            let client = try ACMEClient(
                settings: pebble.settings,
                accountKey: ACMEClient.makeAccountKey(),
                transport: { try await transport.send($0) }
            )
            // Nobody listens where the authority asks.
            let deaf = ACMEAnswers(publish: { _, _ in }, withdraw: { _ in })
            let request = try SigningRequest("www.example.com")
            let outcome = try await client.obtain("www.example.com", request: request.request, answers: deaf)
            guard case .refused(let fault, _) = outcome else { throw Fault(.io, "\(outcome)") }
            #expect(fault.code == .certificateFailed && fault.message.contains("connection"), "\(fault.message)")
            await transport.shutdown()
        }
    }

    @Test("an authority that is away is a refusal in a moment, not a wait")
    func away() async throws {
        var settings = ACMESettings()
        settings.directory = "https://127.0.0.1:1/dir"
        let transport = try ACMETransport(settings)
        let client = try ACMEClient(
            settings: settings,
            accountKey: ACMEClient.makeAccountKey(),
            transport: { try await transport.send($0) }
        )
        let request = try SigningRequest("www.example.com")
        let deaf = ACMEAnswers(publish: { _, _ in }, withdraw: { _ in })
        let outcome = try await client.obtain("www.example.com", request: request.request, answers: deaf)
        guard case .refused(let fault, _) = outcome else { throw Fault(.io, "\(outcome)") }
        #expect(fault.message.contains("can't be reached"), "\(fault.message)")
        await transport.shutdown()
    }

    @Test("a rate limit's time comes back, and a clock that is wrong is named")
    func limited() async throws {
        let client = try ACMEClient(
            settings: ACMESettings(),
            accountKey: ACMEClient.makeAccountKey(),
            transport: { request in
                switch request.method {
                case .get:
                    let urls = #"{"newNonce":"https://a/n","newAccount":"https://a/a","newOrder":"https://a/o"}"#
                    return ACMEResponse(
                        status: 200,
                        headers: ["date": "Thu, 01 Jan 2015 00:00:00 GMT"],
                        body: Data(urls.utf8)
                    )
                case .head: return ACMEResponse(status: 200, headers: ["replay-nonce": "n"], body: Data())
                case .post:
                    let problem =
                        #"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many\ncertificates"}"#
                    return ACMEResponse(status: 429, headers: ["retry-after": "3600"], body: Data(problem.utf8))
                }
            }
        )
        let deaf = ACMEAnswers(publish: { _, _ in }, withdraw: { _ in })
        let outcome = try await client.obtain("www.example.com", request: Data(), answers: deaf)
        guard case .refused(let fault, let pause) = outcome else { throw Fault(.io, "\(outcome)") }
        #expect(pause == .seconds(3600) && fault.message.hasSuffix("rateLimited: too many certificates"))
        #expect(fault.hint?.contains("minutes ahead") == true)
    }

    @Test("a server that takes no nonce at all is not asked for ever")
    func endless() async throws {
        let asked = Mutex(0)
        let client = try ACMEClient(
            settings: ACMESettings(),
            accountKey: ACMEClient.makeAccountKey(),
            transport: { request in
                if request.method == .get {
                    let urls = #"{"newNonce":"https://a/n","newAccount":"https://a/a","newOrder":"https://a/o"}"#
                    return ACMEResponse(status: 200, headers: [:], body: Data(urls.utf8))
                }
                asked.withLock { $0 += 1 }
                let problem = #"{"type":"urn:ietf:params:acme:error:badNonce"}"#
                let status = request.method == .head ? 200 : 400
                return ACMEResponse(status: status, headers: ["replay-nonce": "n"], body: Data(problem.utf8))
            }
        )
        let deaf = ACMEAnswers(publish: { _, _ in }, withdraw: { _ in })
        guard case .refused = try await client.obtain("a.example.com", request: Data(), answers: deaf) else {
            throw Fault(.io, "issued")
        }
        #expect(asked.withLock { $0 } < 30)
    }
}
