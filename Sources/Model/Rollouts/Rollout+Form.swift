extension Rollout: KeyedForm {
    package static var schema: Int? { 2 }

    package static var blank: Rollout {
        Rollout(id: "", app: "", holder: "", startedAt: Timestamp(milliseconds: 0))
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("id", &id)
        try form.need("app", &app)
        try form.field("holder", &holder)
        try form.field("startedAt", &startedAt)
        try form.need("phase", &phase)
        try form.field("release", &release)
        try form.field("previous", &previous)
        try form.field("steps", &steps)
        try form.field("done", &done)
        try form.field("fault", &fault)
        try form.field("finishedAt", &finishedAt)
        try form.field("lines", &lines)
        try form.field("configFile", &configFile)
        try form.field("maxConcurrent", &maxConcurrent)
        try form.field("probe", &probe)
        try form.field("before", &before)
        try form.field("traffic", &traffic)
    }
}

/// A step is an object with its kind as the one key: `{"create": {"machine": "148e21b7c65089", "group": "web"}}`.
extension Rollout.Step: Codable {
    /// What a step is about; each kind has a part of it.
    private struct Subject: KeyedForm {
        var machine: Machine.ID?
        var group: String?
        var start: Bool?
        var old: Machine.ID?
        var new: Machine.ID?
        var spare: Machine.ID?
        var to: [Machine.ID]?
        var from: [Machine.ID]?
        var machines: [Machine.ID]?
        var percent: Int?
        var seconds: Int?
        var steps: [Rollout.Step]?

        static var blank: Self { Self() }

        mutating func fields(_ form: inout Form) throws {
            try form.field("machine", &machine)
            try form.field("group", &group)
            try form.field("start", &start)
            try form.field("old", &old)
            try form.field("new", &new)
            try form.field("spare", &spare)
            try form.field("to", &to)
            try form.field("from", &from)
            try form.field("machines", &machines)
            try form.field("percent", &percent)
            try form.field("seconds", &seconds)
            try form.field("steps", &steps)
        }

        var usualGroup: String { group ?? "app" }
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Form.Key.self)
        for key in values.allKeys {
            guard let part = try? values.decode(Subject.self, forKey: key),
                let step = Self.step(key.stringValue, part)
            else { continue }
            self = step
            return
        }
        self = .unknown(try ConfigValue(from: decoder))
    }

    package func encode(to encoder: any Encoder) throws {
        if case .unknown(let value) = self { return try value.encode(to: encoder) }
        let (name, part) = subject
        var values = encoder.container(keyedBy: Form.Key.self)
        try values.encode(part, forKey: Form.Key(stringValue: name))
    }

    /// Nil for a kind that only a newer version knows, or one that lacks what it is about.
    private static func step(_ name: String, _ part: Subject) -> Self? {
        switch name {
        case "releaseCommand": part.machine.map { .releaseCommand(machine: $0) }
        case "seedCommand": part.machine.map { .seedCommand(machine: $0) }
        case "create": part.machine.map { .create(machine: $0, group: part.usualGroup) }
        case "update": part.machine.map { .update(machine: $0, group: part.usualGroup, start: part.start) }
        case "prepare": part.machine.map { .prepare(machine: $0, group: part.usualGroup) }
        case "destroy": part.machine.map { .destroy(machine: $0) }
        case "together": part.steps.map { .together($0) }
        case "canary":
            if let id = part.machine, let percent = part.percent {
                .canary(machine: id, group: part.usualGroup, percent: percent)
            } else {
                nil
            }
        case "judge":
            if let id = part.machine, let seconds = part.seconds {
                .judge(machine: id, group: part.usualGroup, seconds: seconds)
            } else {
                nil
            }
        case "updateAtOnce": part.machines.map { .updateAtOnce(machines: $0) }
        case "turn":
            if let to = part.to, let from = part.from { .turn(to: to, from: from) } else { nil }
        case "replace", "putBack":
            if let old = part.old, let new = part.new, let spare = part.spare {
                name == "replace"
                    ? .replace(old: old, new: new, spare: spare, group: part.usualGroup)
                    : .putBack(old: old, new: new, spare: spare, group: part.usualGroup)
            } else {
                nil
            }
        default: nil
        }
    }

    private var subject: (name: String, part: Subject) {
        var part = Subject()
        let name: String
        switch self {
        case .releaseCommand(let id): (name, part.machine) = ("releaseCommand", id)
        case .seedCommand(let id): (name, part.machine) = ("seedCommand", id)
        case .create(let id, let group): (name, part.machine, part.group) = ("create", id, group)
        case .update(let id, let group, let start):
            (name, part.machine, part.group, part.start) = ("update", id, group, start)
        case .prepare(let id, let group): (name, part.machine, part.group) = ("prepare", id, group)
        case .destroy(let id): (name, part.machine) = ("destroy", id)
        case .updateAtOnce(let machines): (name, part.machines) = ("updateAtOnce", machines)
        case .turn(let to, let from): (name, part.to, part.from) = ("turn", to, from)
        case .replace(let old, let new, let spare, let group):
            (name, part.old, part.new, part.spare, part.group) = ("replace", old, new, spare, group)
        case .putBack(let old, let new, let spare, let group):
            (name, part.old, part.new, part.spare, part.group) = ("putBack", old, new, spare, group)
        case .canary(let id, let group, let percent):
            (name, part.machine, part.group, part.percent) = ("canary", id, group, percent)
        case .judge(let id, let group, let seconds):
            (name, part.machine, part.group, part.seconds) = ("judge", id, group, seconds)
        case .together(let steps): (name, part.steps) = ("together", steps)
        case .unknown: name = "unknown"
        }
        return (name, part)
    }
}
