import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Compose files")
struct ComposeTests {
    private static func read(_ text: String, path: String = "deploy/compose.yaml") throws -> Compose {
        Compose(try ConfigFormat(path: path).parse(Array(text.utf8), file: path), path: path)
    }

    @Test("variables stand in a table or a list; those without a value come from outside")
    func variables() throws {
        let compose = try Self.read(
            """
            services:
              table:
                environment:
                  PORT: 8000
                  URL: ${URL:-redis://cache}
                  SET: ${SET:?set it}
              list:
                environment:
                  - NAME="a b"
                  - QUERY=a=b
                  - OUT
            """
        )
        let table = try #require(compose.services.first)
        #expect(table.environment.map(\.name) == ["PORT", "URL", "SET"])
        #expect(table.environment.map(\.line) == [4, 5, 6])
        #expect(table.knownEnvironment == ["PORT": "8000", "URL": "redis://cache"])
        let list = try #require(compose.services.last)
        #expect(list.environment.map(\.value) == ["a b", "a=b", nil])
        #expect(Compose.pairs(list.node["environment"]).map(\.value) == ["\"a b\"", "a=b", nil])
        #expect(Compose.pairs(nil).isEmpty)
    }

    @Test(
        "ports",
        arguments: [
            ("8000", nil, nil, 8000, false), ("80:8000", nil, 80, 8000, false),
            ("127.0.0.1:5432:5432/tcp", "127.0.0.1", 5432, 5432, false), ("${PORT:-81}:8000", nil, 81, 8000, false),
            ("${PORT}:8000", nil, nil, 8000, true), ("53:53/udp", nil, 53, 53, false),
        ] as [(String, String?, Int?, Int?, Bool)]
    )
    func ports(_ text: String, _ host: String?, _ published: Int?, _ target: Int?, _ isOpen: Bool) throws {
        let service = try #require(try Self.read("services: {web: {ports: ['\(text)']}}").services.first)
        let port = try #require(service.ports.first)
        #expect(port.host == host && port.published == published && port.target == target && port.isOpen == isOpen)
        #expect(port.isUDP == text.hasSuffix("udp") && !port.isRange && port.isPublished)
    }

    @Test("ports in tables and in ranges")
    func otherPorts() throws {
        let text = """
            services:
              web:
                ports: [{target: 80, protocol: udp}, {target: 81, published: 8081}, '7000-7005:7000-7005']
            """
        let ports = try #require(try Self.read(text).services.first).ports
        #expect(ports.map(\.target) == [80, 81, 7000] && ports.map(\.published) == [nil, 8081, 7000])
        #expect(ports.map(\.isPublished) == [false, true, true] && ports.map(\.isRange) == [false, false, true])
        #expect(ports.map(\.isUDP) == [true, false, false])
    }

    @Test("what is mounted: folders of the host, volumes with a name, neither")
    func volumes() throws {
        let text = """
            services:
              web:
                volumes:
                  - ./src:/app
                  - data:/data:ro
                  - /scratch
                  - {type: bind, source: conf, target: /etc/conf}
                  - {type: tmpfs, target: /tmp}
                  - {type: volume, source: more, target: /more}
            """
        let volumes = try #require(try Self.read(text).services.first).volumes
        #expect(volumes.map(\.target) == ["/app", "/data", "/scratch", "/etc/conf", "/tmp", "/more"])
        #expect(volumes.map(\.isBind) == [true, false, false, true, false, false])
        #expect(volumes.map(\.isNamed) == [false, true, false, false, false, true])
    }

    @Test("a service without a build has that of the one which makes its image")
    func builds() throws {
        let compose = try Self.read(
            """
            services:
              web: {build: {context: .., dockerfile: deploy/Dockerfile}, image: shop}
              worker: {image: shop, command: celery -A shop worker}
              db: {image: "postgres:17"}
            """
        )
        let files = compose.services.map { compose.build(of: $0)?.dockerfile }
        #expect(files == ["deploy/Dockerfile", "deploy/Dockerfile", nil])
        #expect(compose.services.map(\.build?.context) == ["", nil, nil])
        #expect(compose.services[1].commandText == "celery -A shop worker")
    }

    @Test(
        "images of others are known by their names",
        arguments: [
            ("postgres:17", .database), ("docker.io/library/nginx:1.29", .proxy), ("bitnami/redis", .cache),
            ("mcr.microsoft.com/mssql/server:2022-latest", .database), ("acme/server", nil), ("shop", nil),
            ("axllent/mailpit@sha256:00", .tool), ("rabbitmq:4-management", .broker), ("", nil),
        ] as [(String, KnownService?)]
    )
    func images(_ image: String, _ kind: KnownService?) {
        #expect(KnownService(image: image) == kind)
    }
}
