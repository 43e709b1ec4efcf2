import Foundation
import Hummingbird
import Model
import NIOCore
import Toolkit

/// Consoles: a request whose body and answer are frames that go on at once, for as long as the program runs.
///
/// So they pass the same checks and the same listeners as every other request.
struct ConsoleRoutes {
    let apps: Apps
    let machines: Machines
    let consoles: Consoles

    private typealias Open = @Sendable (SessionOrder) async throws -> any MachineSession

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/apps/:app/machines/:id/console") { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            let machine = try await machines.get(app.name, try context.parameters.require("id"))
            let wake = request.query("wake") == "true"
            return try await serve(request) { try await consoles.open(machine, $0, wake: wake) }
        }
        router.post("/v1/apps/:app/machines/:id/connect") { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            let machine = try await machines.get(app.name, try context.parameters.require("id"))
            guard let port = request.query("port").flatMap(Int.init), (1...65_535).contains(port) else {
                throw Fault(.invalidRequest, "expected port=1…65535")
            }
            return Self.connected(request, try await consoles.connect(machine, port: port))
        }
        router.post("/v1/apps/:app/console") { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            return try await serve(request) { try await consoles.openThrowAway(app, $0) }
        }
    }

    /// The answer that is a connection to a port.
    static func connected(_ request: Request, _ session: any MachineSession) -> Response {
        answer(FrameInput(request.body), session)
    }

    // MARK: - Private

    /// How long a client may take to end its body after it was told the end.
    private static let farewell = Duration.seconds(5)

    private func serve(_ request: Request, _ open: @escaping Open) async throws -> Response {
        var input = FrameInput(request.body)
        guard case .open(let bytes) = try await input.next() else {
            throw Fault(.invalidRequest, "the first frame has to say what to run")
        }
        let order = try JSON.decode(SessionOrder.self, from: Data(bytes), what: "what to run")
        return Self.answer(input, try await open(order))
    }

    private static func answer(_ rest: FrameInput, _ session: any MachineSession) -> Response {
        let body = ResponseBody { writer in
            do {
                try await Self.pass(rest, session, &writer)
            } catch {
                await session.end()
                throw error
            }
            await session.end()
        }
        return Response(status: .ok, headers: [.contentType: "application/vnd.roost.session"], body: body)
    }

    /// Brings frames both ways until the program ends or the client goes away.
    private static func pass(
        _ input: FrameInput,
        _ session: any MachineSession,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var input = input
                do {
                    while let frame = try await input.next() { try await session.take(frame) }
                    // A client that is there waits for the last frame before it ends its body.
                    await session.end()
                } catch {
                    await session.end()
                    throw error
                }
            }
            while let frame = try await session.next() {
                try await writer.write(ByteBuffer(bytes: frame.bytes))
                if case .exit = frame { break }
            }
            try await writer.finish(nil)
            // The client ends its body, in the middle perhaps, once it has heard the end. To cancel the reading before
            // closes the connection, and that may overtake what was written last: the program's exit code.
            group.addTask { try await Task.sleep(for: farewell) }
            _ = try? await group.next()
            group.cancelAll()
        }
    }
}

/// The frames of a request's body.
private struct FrameInput: Sendable {
    private let parts: UnsafeBody
    private var reader = SessionFrameReader()
    private var waiting: [SessionFrame] = []

    /// An iterator that is handed from one task to the next, never used by two at once.
    private final class UnsafeBody: @unchecked Sendable {
        var iterator: RequestBody.AsyncIterator

        init(_ body: RequestBody) { iterator = body.makeAsyncIterator() }
    }

    init(_ body: RequestBody) {
        parts = UnsafeBody(body)
    }

    mutating func next() async throws -> SessionFrame? {
        while waiting.isEmpty {
            guard let part = try await parts.iterator.next() else { return nil }
            waiting = try reader.feed(part.readableBytesView)
        }
        return waiting.removeFirst()
    }
}
