package import Foundation
package import Model

/// The one way in which values become JSON and back: sorted keys, so that equal values give equal bytes.
package enum JSON {
    package static func encode(_ value: some Encodable) throws(Fault) -> Data {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(value)
        } catch {
            throw Fault(.corrupt, "\(type(of: value)) can't be written as JSON: \(error)")
        }
    }

    /// Reads a value back; `what` names it in the error: "release 3 of notes".
    ///
    /// With `leftovers`, those get the keys that nobody asked for, to be written back. Throws a ``Fault``:
    /// `newerVersion` for a record that only a newer version of Roost may touch, else `invalidRequest` with the path of
    /// the field that is missing or not what it should be.
    package static func decode<Value: Decodable>(
        _: Value.Type,
        from data: Data,
        what: String,
        leaving leftovers: Leftovers? = nil
    ) throws(Fault) -> Value {
        do {
            let decoder = JSONDecoder()
            if let key = Leftovers.key, let leftovers { decoder.userInfo[key] = leftovers }
            return try decoder.decode(Value.self, from: data)
        } catch let DecodingError.keyNotFound(key, context) {
            throw Fault(.invalidRequest, "\(what): \(path(context.codingPath + [key])) is missing")
        } catch let DecodingError.typeMismatch(type, context) {
            throw Fault(.invalidRequest, "\(what): \(path(context.codingPath)) is not a \(type)")
        } catch let DecodingError.valueNotFound(type, context) {
            throw Fault(.invalidRequest, "\(what): \(path(context.codingPath)) is null, expected a \(type)")
        } catch let DecodingError.dataCorrupted(context) {
            let place = context.codingPath.isEmpty ? "" : "\(path(context.codingPath)): "
            throw Fault(.invalidRequest, "\(what): \(place)\(context.debugDescription)")
        } catch let fault as Fault {
            // A form's own word: that a newer version wrote it.
            throw Fault(fault.code, "\(what): \(fault.message)", hint: fault.hint)
        } catch {
            throw Fault(.invalidRequest, "\(what): \(error)")
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
}
