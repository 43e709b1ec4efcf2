import Certificates
import Foundation
import Model
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing
import Toolkit

/// The distribution's test authority, with its challenge-test DNS, on ports of its own.
final class Pebble: Sendable {
    let settings: ACMESettings
    /// Where it asks its questions.
    let httpPort: Int
    let management: Int
    private let folder: TestFolder
    private let pids: [Int32]

    static let isThere = ["/usr/bin/pebble", "/usr/bin/pebble-challtestsrv", "/usr/bin/openssl"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Starts both programs; `environment` is for `PEBBLE_WFE_NONCEREJECT` and its like.
    private init(_ environment: [String: String], lifetime: Int) async throws {
        let folder = TestFolder()
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let ports = try Self.freePorts(5)
        httpPort = ports[2]
        management = ports[4]
        let subject = ["-subj", "/CN=pebble", "-addext", "subjectAltName=IP:127.0.0.1"]
        try await Command(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-keyout", "\(folder.path)/key.pem", "-out", "\(folder.path)/cert.pem",
            ] + subject
        ).checked()
        let configuration = """
            {"pebble": {"listenAddress": "127.0.0.1:\(ports[0])", "managementListenAddress": "127.0.0.1:\(ports[1])",
             "certificate": "\(folder.path)/cert.pem", "privateKey": "\(folder.path)/key.pem",
             "httpPort": \(ports[2]), "tlsPort": 1, "ocspResponderURL": "", "certificateValidityPeriod": \(lifetime)}}
            """
        try configuration.write(toFile: "\(folder.path)/pebble.json", atomically: true, encoding: .utf8)
        let dns = ports[3]
        let helper = try Self.spawn(
            "/usr/bin/pebble-challtestsrv",
            [
                "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", "127.0.0.1:\(dns)", "-http01", "",
                "-https01", "", "-tlsalpn01", "", "-management", "127.0.0.1:\(management)",
            ],
            [:],
            "\(folder.path)/dns.log"
        )
        let server = try Self.spawn(
            "/usr/bin/pebble",
            ["-config", "\(folder.path)/pebble.json", "-dnsserver", "127.0.0.1:\(dns)", "-strict", "false"],
            ["PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0"].merging(environment) { $1 },
            "\(folder.path)/pebble.log"
        )
        pids = [helper, server]
        var settings = ACMESettings()
        settings.directory = "https://127.0.0.1:\(ports[0])/dir"
        settings.caFile = "\(folder.path)/cert.pem"
        settings.agreesToTerms = true
        settings.email = "ops@example.com"
        settings.patience = .seconds(90)
        self.settings = settings
    }

    /// What it has written; for a failed test.
    var log: String { (try? String(contentsOfFile: "\(folder.path)/pebble.log", encoding: .utf8)) ?? "" }

    static func with(
        _ environment: [String: String] = [:],
        lifetime: Int = 86_400,
        _ body: (Pebble) async throws -> Void
    ) async throws {
        let pebble = try await Pebble(environment, lifetime: lifetime)
        defer {
            for pid in pebble.pids {
                kill(pid, SIGKILL)
                waitpid(pid, nil, 0)
            }
        }
        let transport = try ACMETransport(pebble.settings)
        for _ in 0..<200 {
            let answer = try? await transport.send(ACMERequest(url: pebble.settings.directory))
            if answer?.status == 200 { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        await transport.shutdown()
        try await body(pebble)
    }

    // MARK: - Private

    private static func spawn(
        _ program: String,
        _ arguments: [String],
        _ environment: [String: String],
        _ log: String
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var pairs = environment.map { strdup("\($0.key)=\($0.value)") } + [strdup("PATH=/usr/bin:/bin"), nil]
        defer { for pointer in words + pairs { free(pointer) } }
        var pid: Int32 = 0
        let code = posix_spawn(&pid, program, &actions, &attributes, &words, &pairs)
        guard code == 0 else { throw Fault(.toolFailed, "\(program): \(code)") }
        return pid
    }

    private static func freePorts(_ count: Int) throws -> [Int] {
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        return try (0..<count).map { _ in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            sockets.append(descriptor)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let bound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
                }
            }
            guard bound else { throw Fault(.io, "no free port") }
            return Int(UInt16(bigEndian: address.sin_port))
        }
    }
}

/// Answers the authority's questions as an edge does.
final class Answers: Sendable {
    private let open = Mutex<[String: String]>([:])
    private let asked = Mutex<Int>(0)

    /// How often somebody asked.
    var questions: Int { asked.withLock { $0 } }
    var isEmpty: Bool { open.withLock { $0.isEmpty } }

    var acme: ACMEAnswers {
        ACMEAnswers(
            publish: { token, text in self.open.withLock { $0[token] = text } },
            withdraw: { token in self.open.withLock { $0[token] = nil } }
        )
    }

    func listen(on port: Int, _ body: () async throws -> Void) async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(self))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        do {
            try await body()
        } catch {
            try await server.close()
            throw error
        }
        try await server.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let answers: Answers

        init(_ answers: Answers) { self.answers = answers }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(let head) = Self.unwrapInboundIn(data) else { return }
            answers.asked.withLock { $0 += 1 }
            let prefix = "/.well-known/acme-challenge/"
            let text = answers.open.withLock { $0[String(head.uri.dropFirst(prefix.count))] }
            let body = ByteBuffer(string: text ?? "")
            let reply = HTTPResponseHead(
                version: .http1_1,
                status: text == nil ? .notFound : .ok,
                headers: ["Content-Length": "\(body.readableBytes)"]
            )
            context.write(Self.wrapOutboundOut(.head(reply)), promise: nil)
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
            context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
