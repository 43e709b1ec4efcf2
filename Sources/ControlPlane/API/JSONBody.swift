import Foundation
import Hummingbird
import Model
import NIOCore

/// The body of a request as a JSON object.
struct JSONBody: Sendable {
    var members: [String: JSONValue]

    /// Nil for what is absent or null.
    subscript(_ name: String) -> JSONValue? {
        guard let value = members[name], value != .null else { return nil }
        return value
    }

    func text(_ name: String) throws(Fault) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw wrong(name, "a string", value) }
        return text
    }

    func flag(_ name: String) throws(Fault) -> Bool? {
        guard let value = self[name] else { return nil }
        guard let flag = value.bool else { throw wrong(name, "a boolean", value) }
        return flag
    }

    func number(_ name: String, in range: ClosedRange<Int64>) throws(Fault) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.int else { throw wrong(name, "a whole number", value) }
        guard range.contains(number) else {
            throw Fault(
                .invalidRequest,
                "request body: \(name): expected \(range.lowerBound) to \(range.upperBound), found \(number)"
            )
        }
        return Int(number)
    }

    private func wrong(_ name: String, _ expected: String, _ found: JSONValue) -> Fault {
        Fault(.invalidRequest, "request body: \(name): expected \(expected), found \(found.kind)")
    }
}

extension Request {
    /// The most bytes of a body that describes a Machine; its files are in it.
    static let maximumBody = 4 << 20

    /// The body, whatever its Content-Type; an empty one is an empty object.
    ///
    /// - Throws: ``Fault`` `tooLarge`, or `invalidRequest` for what is no JSON object.
    func object() async throws -> JSONBody {
        let buffer: ByteBuffer
        do {
            buffer = try await body.collect(upTo: Self.maximumBody)
        } catch is CancellationError {
            throw CancellationError()
        } catch is NIOTooManyBytesError {
            throw Fault(.tooLarge, "request body: expected at most \(Self.maximumBody) bytes")
        } catch {
            throw Fault(.invalidRequest, "request body: it was cut off")
        }
        let bytes = buffer.readableBytesView
        guard bytes.contains(where: { $0 > 0x20 }) else { return JSONBody(members: [:]) }
        let value = try JSONValue.parse(bytes, what: "request body")
        switch value {
        case .object(let members): return JSONBody(members: members)
        case .null: return JSONBody(members: [:])
        default: throw Fault(.invalidRequest, "request body: expected an object, found \(value.kind)")
        }
    }

    /// A parameter of the query that is `true`, `1`, or stands there alone.
    func flag(_ name: String) throws(Fault) -> Bool {
        switch query(name) {
        case nil, "false", "0": return false
        case "true", "1", "": return true
        case let other?:
            throw Fault(.invalidRequest, "\(name): expected true or false, found \(ConfigNode.quoted(other))")
        }
    }

    func number(_ name: String, in range: ClosedRange<Int>) throws(Fault) -> Int? {
        guard let text = query(name), !text.isEmpty else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Fault(
                .invalidRequest,
                "\(name): expected \(range.lowerBound) to \(range.upperBound), found \(ConfigNode.quoted(text))"
            )
        }
        return number
    }
}

extension JSONAnswer {
    static func make(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: value.text))
        )
    }
}
