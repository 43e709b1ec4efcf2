/// A state is an object with its `name` and what exists in it: `{"name": "stopping", "process": {…}, "then": "started"}`.
///
/// Records of version 0.1 have the name as the one key, `{"stopping": {"_0": {…}, "then": "started"}}`, which is read too.
extension Machine.State: Codable {
    private enum Key: String, CodingKey {
        case name, attempt, process, then, exit, at, reason
        /// Of the first shape: the value without a label.
        case first = "_0"
    }

    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: Form.Key.self)
        let label = Form.Key(stringValue: Key.name.rawValue)
        do {
            if let name = try? keys.decode(String.self, forKey: label) {
                try self.init(name, try decoder.container(keyedBy: Key.self), first: false)
            } else if keys.allKeys.count == 1, let name = keys.allKeys.first {
                try self.init(name.stringValue, try keys.nestedContainer(keyedBy: Key.self, forKey: name), first: true)
            } else {
                throw keys.missing("name")
            }
        } catch let UnknownWord.state(name) {
            self = .unknown(name: name, try ConfigValue(from: decoder))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        if case .unknown(_, let value) = self { return try value.encode(to: encoder) }
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(name, forKey: .name)
        switch self {
        case .created, .destroying, .destroyed, .unknown: break
        case .starting(let attempt): try values.encode(attempt, forKey: .attempt)
        case .started(let process), .suspending(let process), .suspended(let process):
            try values.encode(process, forKey: .process)
        case .stopping(let process, let then):
            try values.encode(process, forKey: .process)
            try values.encode(then, forKey: .then)
        case .stopped(let exit): try values.encodeIfPresent(exit, forKey: .exit)
        case .restarting(let at, let attempt):
            try values.encode(at, forKey: .at)
            try values.encode(attempt, forKey: .attempt)
        case .failed(let reason): try values.encode(reason, forKey: .reason)
        }
    }

    // MARK: - Private

    private enum UnknownWord: Error {
        case state(String)
    }

    private init(_ name: String, _ values: KeyedDecodingContainer<Key>, first: Bool) throws {
        func process() throws -> Machine.Process {
            try values.decode(Machine.Process.self, forKey: first ? .first : .process)
        }
        switch name {
        case "created": self = .created
        case "starting": self = .starting(attempt: try values.decodeIfPresent(Int.self, forKey: .attempt) ?? 0)
        case "started": self = .started(try process())
        case "stopping":
            let word = try values.decodeIfPresent(String.self, forKey: .then) ?? Machine.AfterStop.stopped.rawValue
            guard let then = Machine.AfterStop(rawValue: word) else { throw UnknownWord.state(name) }
            self = .stopping(try process(), then: then)
        case "stopped":
            self = .stopped(try values.decodeIfPresent(Machine.Exit.self, forKey: first ? .first : .exit))
        case "suspending": self = .suspending(try process())
        case "suspended": self = .suspended(try process())
        case "destroying": self = .destroying
        case "destroyed": self = .destroyed
        case "restarting":
            self = .restarting(
                at: try values.decode(Timestamp.self, forKey: .at),
                attempt: try values.decodeIfPresent(Int.self, forKey: .attempt) ?? 1
            )
        case "failed": self = .failed(reason: try values.decodeIfPresent(String.self, forKey: .reason) ?? "")
        default: throw UnknownWord.state(name)
        }
    }
}

extension KeyedDecodingContainer where Key == Form.Key {
    fileprivate func missing(_ name: String) -> DecodingError {
        .keyNotFound(Form.Key(stringValue: name), .init(codingPath: codingPath, debugDescription: "no \(name)"))
    }
}
