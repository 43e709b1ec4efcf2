import AsyncHTTPClient
import Foundation
package import Model
import NIOCore
import NIOHTTP1
import NIOSSL

/// Sends the client's requests over HTTPS.
package struct ACMETransport: Sendable {
    private let http: HTTPClient
    private static let maximumAnswer = 1 << 20

    /// - Throws: ``Fault`` `invalidConfig` when the file of trusted certificates can't be read.
    package init(_ settings: ACMESettings) throws(Fault) {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(10)
        configuration.timeout.read = .seconds(30)
        if let file = settings.caFile {
            var tls = TLSConfiguration.makeClientConfiguration()
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
            } catch {
                throw Fault(.invalidConfig, "acme.ca_file: no certificates can be read from \(file)")
            }
            configuration.tlsConfiguration = tls
        }
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    package func send(_ request: ACMERequest) async throws -> ACMEResponse {
        var wire = HTTPClientRequest(url: request.url)
        wire.method = HTTPMethod(rawValue: request.method.rawValue)
        wire.headers.add(name: "User-Agent", value: "roost/0.1.0")
        wire.headers.add(name: "Accept-Language", value: "en")
        if let body = request.body {
            wire.headers.add(name: "Content-Type", value: "application/jose+json")
            wire.body = .bytes(ByteBuffer(bytes: body))
        }
        do {
            let response = try await http.execute(wire, deadline: .now() + .seconds(60))
            var headers: [String: String] = [:]
            for (name, value) in response.headers where headers[name.lowercased()] == nil {
                headers[name.lowercased()] = value
            }
            let body = try await response.body.collect(upTo: Self.maximumAnswer)
            return ACMEResponse(status: Int(response.status.code), headers: headers, body: Data(body.readableBytesView))
        } catch let error as CancellationError {
            throw error
        } catch {
            throw Fault(.unreachable, "\(request.url) can't be reached: \(error)")
        }
    }

    /// Closes its connections.
    package func shutdown() async { try? await http.shutdown() }
}
