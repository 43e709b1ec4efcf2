import Crypto
package import Foundation
package import Model
import Toolkit

/// Gets certificates from an authority by ACME: one account, one order at a time.
///
/// > Source: RFC 8555.
package actor ACMEClient {
    package typealias Transport = @Sendable (ACMERequest) async throws -> ACMEResponse

    /// Makes a client for one account.
    ///
    /// - Parameters:
    ///   - settings: which authority.
    ///   - accountKey: PEM of a P-256 key; whoever has it is the account.
    ///   - transport: sends a request, follows no redirects.
    /// - Throws: ``Fault`` `corrupt` when the key can't be read.
    package init(settings: ACMESettings, accountKey: String, transport: @escaping Transport) throws(Fault) {
        self.settings = settings
        self.transport = transport
        do {
            jws = JWS(key: try P256.Signing.PrivateKey(pemRepresentation: accountKey))
        } catch {
            throw Fault(.corrupt, "the account key of \(settings.directory) can't be read")
        }
    }

    /// A new account's key, as PEM.
    package static func makeAccountKey() -> String { P256.Signing.PrivateKey().pemRepresentation + "\n" }

    /// Gets a certificate for one host name.
    ///
    /// - Parameters:
    ///   - hostname: no wildcard: HTTP-01 can't prove those.
    ///   - request: the certificate signing request, DER.
    ///   - answers: where the authority's question is answered.
    /// - Returns: the chain in PEM, or the authority's refusal.
    /// - Throws: `CancellationError` only.
    package func obtain(_ hostname: String, request: Data, answers: ACMEAnswers) async throws -> ACMEOutcome {
        do {
            return try await withTimeout(settings.patience, "the certificate of \(hostname)") {
                .issued(chain: try await self.order(hostname, request, answers))
            }
        } catch let problem as ACMEWire.Problem {
            // An account that the server has forgotten is made anew by the next order.
            if problem.isOf("accountDoesNotExist") { account = nil }
            return .refused(refusal(problem.words), pause: problem.pause)
        } catch let fault as Fault {
            return .refused(refusal(fault.message), pause: nil)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return .refused(refusal("\(error)"), pause: nil)
        }
    }

    // MARK: - Orders

    private func order(_ hostname: String, _ request: Data, _ answers: ACMEAnswers) async throws -> String {
        let directory = try await directory()
        let (placed, location) = try await send(
            directory.newOrder,
            ["identifiers": [ACMEWire.Identifier(value: hostname)]],
            as: ACMEWire.Order.self
        )
        guard let location else { throw Self.garbled("an order without a place") }
        var order = placed
        for url in order.authorizations where order.status == "pending" { try await authorize(url, answers) }
        order = try await poll(location, as: ACMEWire.Order.self) { $0.status != "pending" }
        if order.status == "ready" {
            _ = try await send(order.finalize, ["csr": JWS.base64URL(request)], as: ACMEWire.Order.self)
            order = try await poll(location, as: ACMEWire.Order.self) { !["ready", "processing"].contains($0.status) }
        }
        guard order.status == "valid", let certificate = order.certificate else {
            throw order.error ?? ACMEWire.Problem(type: nil, detail: "the order is \(order.status)")
        }
        let response = try await post(certificate, nil)
        return String(decoding: response.body, as: UTF8.self)
    }

    /// Proves that the name is ours, unless the authority remembers it.
    private func authorize(_ url: String, _ answers: ACMEAnswers) async throws {
        let authorization = try await read(url, as: ACMEWire.Authorization.self)
        if authorization.status == "valid" { return }
        guard let challenge = authorization.challenges.first(where: { $0.type == "http-01" }),
            let token = challenge.token, Self.isToken(token)
        else {
            let offered = authorization.challenges.map(\.type).joined(separator: ", ")
            throw ACMEWire.Problem(type: nil, detail: "the authority offers \(offered), and not http-01")
        }
        try await answers.publish(token, try jws.answer(to: token))
        do {
            try await prove(url, challenge)
        } catch {
            await answers.withdraw(token)
            throw error
        }
        await answers.withdraw(token)
    }

    private func prove(_ url: String, _ challenge: ACMEWire.Challenge) async throws {
        _ = try await post(challenge.url, Data("{}".utf8))
        let settled = try await poll(url, as: ACMEWire.Authorization.self) { $0.status != "pending" }
        guard settled.status == "valid" else {
            let failed = settled.challenges.lazy.compactMap(\.error).first
            throw failed ?? ACMEWire.Problem(type: nil, detail: "the authorization is \(settled.status)")
        }
    }

    /// Asks until it is settled, at the server's own pace.
    private func poll<Value: Decodable>(
        _ url: String,
        as type: Value.Type,
        until isSettled: (Value) -> Bool
    ) async throws -> Value {
        var tries = 0
        while true {
            let response = try await post(url, nil)
            let value = try Self.decode(type, response)
            if isSettled(value) { return value }
            tries += 1
            let usual = Duration.milliseconds(min(5000, 250 * tries))
            try await Task.sleep(for: min(max(response.pause(at: .now()) ?? usual, .milliseconds(100)), .seconds(60)))
        }
    }

    // MARK: - Requests

    private func directory() async throws -> ACMEWire.Directory {
        if let known { return known }
        let response = try await transport(ACMERequest(method: .get, url: settings.directory))
        difference = response.clockDifference(at: .now()) ?? .zero
        guard response.status == 200 else { throw problem(response) }
        let directory = try Self.decode(ACMEWire.Directory.self, response)
        known = directory
        return directory
    }

    private func send<Value: Decodable>(
        _ url: String,
        _ payload: some Encodable,
        as type: Value.Type
    ) async throws -> (Value, location: String?) {
        let response = try await post(url, try JSON.encode(payload))
        return (try Self.decode(type, response), response.headers["location"])
    }

    private func read<Value: Decodable>(_ url: String, as type: Value.Type) async throws -> Value {
        try Self.decode(type, try await post(url, nil))
    }

    /// As the account, which is made when there is none.
    private func post(_ url: String, _ payload: Data?) async throws -> ACMEResponse {
        try await post(url, payload, as: .account(try await accountURL()))
    }

    /// A nonce that the server no longer takes is no failure: each answer brings a new one.
    private func post(_ url: String, _ payload: Data?, as signer: JWS.Signer) async throws -> ACMEResponse {
        var tries = 0
        while true {
            let body = try jws.sign(payload, url: url, nonce: try await nonce(), as: signer)
            let response = try await transport(ACMERequest(method: .post, url: url, body: body))
            if let fresh = response.headers["replay-nonce"], nonces.count < 10 { nonces.append(fresh) }
            if response.status < 300 { return response }
            let problem = problem(response)
            tries += 1
            guard problem.isOf("badNonce"), tries < Self.nonceTries else { throw problem }
        }
    }

    private func accountURL() async throws -> String {
        if let account { return account }
        struct NewAccount: Encodable {
            var termsOfServiceAgreed: Bool
            var contact: [String]?
        }
        let payload = NewAccount(
            termsOfServiceAgreed: settings.agreesToTerms,
            contact: settings.email.map { ["mailto:\($0)"] }
        )
        let response = try await post(try await directory().newAccount, try JSON.encode(payload), as: .key)
        guard let url = response.headers["location"] else { throw Self.garbled("an account without a place") }
        account = url
        return url
    }

    private func nonce() async throws -> String {
        if let nonce = nonces.popLast() { return nonce }
        let response = try await transport(ACMERequest(method: .head, url: try await directory().newNonce))
        guard let nonce = response.headers["replay-nonce"] else { throw Self.garbled("no nonce") }
        return nonce
    }

    // MARK: - Private

    /// One bad nonce is common; a server that takes none at all would be asked for ever.
    private static let nonceTries = 12

    private let settings: ACMESettings
    private let transport: Transport
    private let jws: JWS
    private var known: ACMEWire.Directory?
    private var account: String?
    private var nonces: [String] = []
    /// How far the authority's clock is ahead of ours.
    private var difference = Duration.zero

    private func refusal(_ words: String) -> Fault {
        let minutes = difference.components.seconds / 60
        let isOff = abs(minutes) >= 5
        return Fault(
            .certificateFailed,
            "\(settings.directory): \(words)",
            hint: isOff ? "this host's clock is \(abs(minutes)) minutes \(minutes > 0 ? "behind" : "ahead")" : nil
        )
    }

    private func problem(_ response: ACMEResponse) -> ACMEWire.Problem {
        var problem =
            (try? JSONDecoder().decode(ACMEWire.Problem.self, from: response.body))
            ?? ACMEWire.Problem(type: nil, detail: "status \(response.status)")
        if problem.type == nil, problem.detail == nil { problem.detail = "status \(response.status)" }
        problem.pause = response.pause(at: .now())
        return problem
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ response: ACMEResponse) throws -> Value {
        try JSON.decode(type, from: response.body, what: "the authority's answer")
    }

    private static func garbled(_ what: String) -> Fault {
        Fault(.certificateFailed, "the authority's answer can't be used: \(what)")
    }

    /// It becomes part of a path that everybody may ask for.
    private static func isToken(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
                    || byte == 95
            }
    }
}
