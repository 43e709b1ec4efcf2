import Hummingbird
import HummingbirdTLS
import Model
import NIOCore
import NIOSSL
package import ServiceLifecycle
import Toolkit

extension API {
    /// Serves on a port of the network, with TLS and to tokens only.
    ///
    /// - Throws: ``Fault`` `invalidConfig` when the certificate or its key can't be used.
    package func service(host: String, port: Int, identity: APIAuthority.Identity) throws -> some Service {
        let tls: TLSConfiguration
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(identity.certificatePath)
            let key = try NIOSSLPrivateKey(file: identity.keyPath, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(key)
            )
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            tls = configuration
        } catch {
            throw Fault(
                .invalidConfig,
                "the API's certificate \(identity.certificatePath) with the key \(identity.keyPath) can't be used: \(error)",
                hint: "both are PEM files; leave them out of [api], and Roost makes its own"
            )
        }
        return Application(
            responder: DoorResponder(inner: router().buildResponder(), door: Door.network),
            // A client that sends nothing for so long holds its connection no longer; waits take a minute at most.
            server: try .tls(.http1(configuration: .init(idleTimeout: .seconds(120))), tlsConfiguration: tls),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port), serverName: nil),
            logger: log
        )
    }
}
