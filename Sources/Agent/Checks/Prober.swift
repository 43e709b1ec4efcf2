import AsyncHTTPClient
import Foundation
package import Model
import NIOCore
import NIOHTTP1
import Toolkit

/// Asks Machines whether they are well, over the private side, never through the edge.
package struct Prober: Sendable {
    private let client: HTTPClient
    /// As much of a check's answer as is kept.
    private static let outputLimit = 512

    /// Follows no redirects, and never uses a connection again: its process may be another one by then.
    package init() {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.idleTimeout = .milliseconds(1)
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Has to be called once before the prober goes away.
    package func shutdown() async throws {
        try await client.shutdown()
    }

    /// What a probe found.
    package struct Result: Equatable, Sendable {
        package var passed: Bool
        package var output: String
    }

    package func probe(_ named: MachineConfig.NamedCheck, at address: Machine.Address) async -> Result {
        switch named.check.type {
        case .tcp:
            let open = await TCPProbe.accepts(address, port: named.port, timeout: named.check.timeout.duration)
            return Result(passed: open, output: open ? "connected" : "port \(named.port) does not accept connections")
        case .http: return await http(named, at: address)
        }
    }

    /// The status of the answer to `GET /`, which alone is waited for; nil, with the reason, when there was none.
    package func status(
        port: Int,
        at address: Machine.Address,
        timeout: Duration
    ) async -> (status: Int?, output: String) {
        var output = "no answer"
        for host in [address.ipv4, "[\(address.ipv6)]"] {
            var request = HTTPClientRequest(url: "http://\(host):\(port)/")
            request.headers.add(name: "user-agent", value: "roost-check")
            request.headers.add(name: "connection", value: "close")
            let deadline = NIODeadline.now() + .nanoseconds(timeout.milliseconds * 1_000_000)
            do {
                let response = try await client.execute(request, deadline: deadline)
                return (Int(response.status.code), "\(response.status.code)")
            } catch let error as HTTPClientError where error == .deadlineExceeded {
                return (nil, "no answer in \(GoDuration(timeout).text)")
            } catch {
                // Refused on IPv4: the app may listen on IPv6 only.
                output = "\(error)"
            }
        }
        return (nil, output)
    }

    // MARK: - Private

    private func http(_ named: MachineConfig.NamedCheck, at address: Machine.Address) async -> Result {
        var last = Result(passed: false, output: "no answer")
        for host in [address.ipv4, "[\(address.ipv6)]"] {
            var request = HTTPClientRequest(url: "http://\(host):\(named.port)\(named.check.path)")
            request.method = HTTPMethod(rawValue: named.check.method)
            request.headers.add(name: "user-agent", value: "roost-check")
            request.headers.add(name: "connection", value: "close")
            for (name, value) in named.check.headers { request.headers.replaceOrAdd(name: name, value: value) }
            let wanted = request
            do {
                // The client's own deadline is for the head alone; an app may take for ever over the rest.
                return try await withTimeout(named.check.timeout.duration, "the check") {
                    try await ask(wanted, limit: named.check.timeout.duration)
                }
            } catch let fault as Fault where fault.code == .timedOut {
                return Result(passed: false, output: "no answer in \(named.check.timeout.text)")
            } catch let error as HTTPClientError where error == .deadlineExceeded {
                return Result(passed: false, output: "no answer in \(named.check.timeout.text)")
            } catch {
                // Refused on IPv4: the app may listen on IPv6 only.
                last = Result(passed: false, output: "GET \(named.check.path) on port \(named.port): \(error)")
            }
        }
        return last
    }

    private func ask(_ request: HTTPClientRequest, limit: Duration) async throws -> Result {
        let deadline = NIODeadline.now() + .nanoseconds(limit.milliseconds * 1_000_000)
        let response = try await client.execute(request, deadline: deadline)
        var body = ""
        for try await part in response.body {
            body += String(buffer: part)
            if body.utf8.count > Self.outputLimit { break }
        }
        let output = "\(response.status.code) \(body.prefix(Self.outputLimit))"
        return Result(passed: (200..<300).contains(Int(response.status.code)), output: output)
    }
}
