import Foundation
import HTTPTypes
import Hummingbird
import Model
import NIOCore
import Toolkit

/// Has a call that comes twice with one key be carried out once, and answered alike.
///
/// Behind the gate: who may not ask is told so, whatever was answered to somebody else.
struct KeyedCallGate: RouterMiddleware {
    typealias Context = BasicRequestContext

    let calls: KeyedCalls

    /// The most bytes of such a call's body.
    private static let maximumBody = 16 << 20

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let endpoint = Endpoints.find(request.method.rawValue, Endpoints.pattern(context.endpointPath ?? ""))
        guard endpoint?.isKeyed == true, let key = request.headers[.idempotencyKey] else {
            return try await next(request, context)
        }
        if let objection = KeyedCall.objection(to: key) { throw Fault(.invalidRequest, objection) }
        var request = request
        let body: ByteBuffer
        do {
            body = try await request.collectBody(upTo: Self.maximumBody)
        } catch is NIOTooManyBytesError {
            throw Fault(.tooLarge, "request body: expected at most \(Self.maximumBody) bytes with an Idempotency-Key")
        }
        let caller = Caller.current.map { $0.tokenID ?? $0.from } ?? ""
        let seal = CallSeal(key, of: caller)
        let head = "\(request.method.rawValue) \(request.uri.path)?\(request.uri.query ?? "")\u{0}"
        let digest = Digest.hex(Data(head.utf8) + Data(body.readableBytesView))
        switch try await calls.begin(seal.name, digest: digest) {
        case .answer(let answer):
            let bytes = try seal.open(answer.sealed)
            return Response(
                status: .init(code: answer.status),
                headers: [.contentType: "application/json", .idempotencyReplayed: "true"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
            )
        case .carryOut(let seed):
            return try await CallSeed.$current.withValue(seed) {
                try await carryOut(request, context, seal, next)
            }
        }
    }

    // MARK: - Private

    private func carryOut(
        _ request: Request,
        _ context: Context,
        _ seal: CallSeal,
        _ next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            var response = try await next(request, context)
            let sink = AnswerSink()
            try await response.body.write(sink)
            let bytes = sink.bytes
            let sealed = try seal.seal(Data(bytes.readableBytesView))
            try await calls.finish(seal.name, KeyedCall.Answer(status: response.status.code, sealed: sealed))
            response.body = ResponseBody(byteBuffer: bytes)
            return response
        } catch {
            // A refusal has made nothing. What broke off may have: it is found by its name when the call comes again.
            let status = (error as? Fault)?.code.httpStatus ?? 500
            try? await calls.forget(seal.name, isOver: (400..<500).contains(status))
            throw error
        }
    }
}

/// Takes a whole answer.
private final class AnswerSink: ResponseBodyWriter {
    private(set) var bytes = ByteBuffer()

    func write(_ buffer: ByteBuffer) async throws { bytes.writeImmutableBuffer(buffer) }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
