import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Model
import NIOCore
import Store
import Testing

@testable import ControlPlane

@Suite("The API inside Machines", .timeLimit(.minutes(2)))
struct GuestDoorTests {
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("without a token it opens what is the app's own, and nothing else")
    func scope() async throws {
        try await APIHost.with { host in
            for app in ["a", "b"] { try await host.makeApp(app) }
            let own = try await host.makeMachine(#","skip_launch":true"#)
            let other = try await host.makeMachine(#","skip_launch":true"#, app: "b")
            let id = try #require(Machine.ID(own))
            let inside = Application(
                responder: DoorResponder(
                    inner: host.api.router().buildResponder(),
                    door: { _ in .machine(id, app: "a") }
                ),
                logger: Self.quiet
            )
            let token = try await host.makeToken(#"{"name":"t","scope":"org"}"#)
            try await inside.test(.router) { client in
                func ask(_ method: HTTPRequest.Method, _ path: String, _ token: String? = nil) async throws -> Answer {
                    var fields = HTTPFields()
                    if let token { fields[.authorization] = "Bearer \(token)" }
                    return try await client.execute(uri: path, method: method, headers: fields) {
                        Answer(status: $0.status.code, text: String(buffer: $0.body))
                    }
                }
                #expect(try await ask(.get, "/v1/apps/a/machines").json.array?.count == 1)
                #expect(try await ask(.post, "/v1/apps/a/machines/\(own)/start").status == 200)
                #expect(try await ask(.get, "/v1/apps").json["apps"]?.array?.count == 1)
                for path in ["/v1/apps/b/machines", "/v1/apps/b/machines/\(other)", "/v1/tokens", "/v1/activity"] {
                    let answer = try await ask(.get, path)
                    #expect(answer.status == 403)
                    #expect(
                        answer.error
                            == "authorize: Machine \(own) may ask for its own app without a token, not for GET \(path)"
                    )
                }
                #expect(try await ask(.delete, "/v1/apps/a").status == 403)
                #expect(try await ask(.get, "/v1/strangers").status == 403)
                #expect(try await ask(.get, "/v1/nothing").status == 404)
                // A token there is worth what it is worth elsewhere.
                #expect(try await ask(.get, "/v1/apps/b/machines", token).status == 200)
                #expect(try await ask(.get, "/v1/apps/a/machines", "rst_nothing").status == 401)
            }
            let who = try await host.ask("GET", "/v1/activity?app=a").text
            #expect(who.contains("Machine \(own)"))
        }
    }

    @Test("sockets come with Machines, answer once there is an API, and go with them")
    func sockets() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine(#","skip_launch":true"#)
            let machine = try #require(try await host.store.machines.get("a/\(id)")?.value)
            let folder = FileManager.default.temporaryDirectory.appending(path: "roost-doors-\(UUID())").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let doors = GuestDoors(folder: folder, logger: Self.quiet)
            let own = try await doors.open(machine)
            #expect(try await doors.open(machine) == own)
            await doors.use(host.api)
            let running = Task { try await doors.run() }
            defer { running.cancel() }
            var text = ""
            for _ in 0..<100 where text.isEmpty {
                text = try await curl("\(own)/api", "/v1/apps/a/machines/\(id)")
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(text.contains(#""id":"\#(id)""#))
            let mode = try FileManager.default.attributesOfItem(atPath: "\(own)/api")[.posixPermissions] as? Int
            #expect(mode == 0o666)
            await doors.close(machine.id)
            #expect(!FileManager.default.fileExists(atPath: own))
            // The next start of the same Machine.
            #expect(try await doors.open(machine) == own)
            text = ""
            for _ in 0..<100 where text.isEmpty {
                text = try await curl("\(own)/api", "/v1/apps/a")
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(text.contains(#""name":"a""#))
        }
    }

    private func curl(_ socket: String, _ path: String) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["curl", "-s", "-m", "5", "--unix-socket", socket, "http://flaps\(path)"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
