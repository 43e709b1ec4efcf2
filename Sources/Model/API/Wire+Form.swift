// The form of what client and server say to each other; ``KeyedForm`` says how it may grow.

extension DeployRequest: KeyedForm {
    package static var blank: Self { Self(config: AppConfig(), manifest: nil, user: "", lines: [:]) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("config", &config)
        try form.field("manifest", &manifest)
        try form.field("user", &user)
        try form.field("lines", &lines)
        try form.field("configFile", &configFile)
        try form.field("highAvailability", &highAvailability)
        try form.field("python", &python)
        try form.field("instead", &instead)
        try form.field("buildSecrets", &buildSecrets)
        try form.field("onlyIfChanged", &onlyIfChanged)
        try fieldOptions(&form)
        try form.field("revisions", &revisions)
    }
}

extension DeployRequest {
    /// Absent where they say nothing, so that a plain request reads as it always has.
    private mutating func fieldOptions(_ form: inout Form) throws {
        let isTwofold = highAvailability
        options.highAvailability = true
        var said = options == DeployOptions() ? nil : options
        try form.field("options", &said)
        options = said ?? DeployOptions()
        options.highAvailability = isTwofold
    }
}

/// `{"stage": "build"}`, `{"done": "build", "seconds": 1.5}`, `{"finished": {…}, "url": "http://…"}`; the first shape, in
/// which older roll-outs are kept, had a `_0` in each.
extension RolloutEvent: Codable {
    private enum Key: String, CodingKey {
        case stage, line, done, seconds, finished, url
    }

    /// Where the first shape had what stands beside the value now.
    private struct Beside: Decodable {
        var seconds: Double?
        var url: String?
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        func text(_ key: Key) throws -> String? { try values.decodeIfPresent(Bare<String>.self, forKey: key)?.value }
        if let stage = try text(.stage) {
            self = .stage(stage)
        } else if let line = try text(.line) {
            self = .line(line)
        } else if let done = try text(.done) {
            let before = try? values.decode(Beside.self, forKey: .done).seconds
            self = .done(done, seconds: try values.decodeIfPresent(Double.self, forKey: .seconds) ?? before ?? 0)
        } else if let rollout = try values.decodeIfPresent(Bare<Rollout>.self, forKey: .finished)?.value {
            let before = try values.decode(Beside.self, forKey: .finished).url
            self = .finished(rollout, url: try values.decodeIfPresent(String.self, forKey: .url) ?? before)
        } else {
            self = .unknown(try ConfigValue(from: decoder))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        if case .unknown(let value) = self { return try value.encode(to: encoder) }
        var values = encoder.container(keyedBy: Key.self)
        switch self {
        case .stage(let text): try values.encode(text, forKey: .stage)
        case .line(let text): try values.encode(text, forKey: .line)
        case .done(let text, let seconds):
            try values.encode(text, forKey: .done)
            try values.encode(seconds, forKey: .seconds)
        case .finished(let rollout, let url):
            try values.encode(rollout, forKey: .finished)
            try values.encodeIfPresent(url, forKey: .url)
        case .unknown: break
        }
    }
}

extension ErrorBody: KeyedForm {
    package static var blank: Self { Self(Fault(.io, "")) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("error", &error)
        try form.field("status", &status)
        try form.field("hint", &hint)
        try form.field("code", &code)
    }
}

extension AppView: KeyedForm {
    package static var blank: Self { Self(.blank, machines: [], volumes: 0, hostname: "", url: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("id", &id)
        try form.need("name", &name)
        try form.field("status", &status)
        try form.field("machine_count", &machineCount)
        try form.field("volume_count", &volumeCount)
        try form.field("hostname", &hostname)
        try form.field("url", &url)
        try form.field("owner", &owner)
        try form.field("release", &release)
        try form.field("created_at", &createdAt)
        try form.field("tryout_of", &tryoutOf)
        try form.field("traffic", &traffic)
        try form.field("network", &network)
    }
}

extension LogLine: KeyedForm {
    package static var blank: Self { Self(timestamp: "", stream: .platform, text: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("timestamp", &timestamp)
        try form.field("stream", &stream)
        try form.field("text", &text)
        try form.field("machine", &machine)
    }
}

extension MachineLook: KeyedForm {
    package static var blank: Self { Self(listeners: [], peakMemoryBytes: nil, answers: []) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("listeners", &listeners)
        try form.field("peakMemoryBytes", &peakMemoryBytes)
        try form.field("answers", &answers)
    }
}

extension MachineLook.Answer: KeyedForm {
    package static var blank: Self { Self(path: "", passed: false, output: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("path", &path)
        try form.field("passed", &passed)
        try form.field("output", &output)
    }
}
