// The form in which a Machine is stored; ``KeyedForm`` says how it may grow.

extension Machine: KeyedForm {
    package static var schema: Int? { 2 }

    package static var blank: Machine {
        Machine(
            id: .none,
            name: "",
            app: "",
            region: "",
            host: "",
            createdAt: Timestamp(milliseconds: 0),
            spec: .blank
        )
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("id", &id)
        try form.field("name", &name)
        try form.need("app", &app)
        try form.field("region", &region)
        try form.field("host", &host)
        try form.field("createdAt", &createdAt)
        try form.need("spec", &spec)
        try form.field("status", &status)
    }
}

extension Machine.Spec: KeyedForm {
    package static var blank: Machine.Spec { Machine.Spec(instance: "", config: .blank) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("instance", &instance)
        try form.need("config", &config)
        try form.field("cordoned", &cordoned)
        try form.field("release", &release)
    }
}

extension Machine.Status: KeyedForm {
    package static var blank: Machine.Status { Machine.Status() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("state", &state)
        try form.field("restarts", &restarts)
        try form.field("runningInstance", &runningInstance)
        try form.field("address", &address)
        try form.field("events", &events)
        try form.field("checks", &checks)
        try form.field("proven", &proven)
        try form.field("ready", &ready)
        try form.field("gate", &gate)
        try form.field("holds", &holds)
        if try form.former("quiesced", as: Bool.self) == true, holds.isEmpty {
            holds = [Hold(owner: "version 0.1", reason: "a deploy or a stop works on it", since: updatedAt)]
        }
        try form.field("updatedAt", &updatedAt)
    }
}

extension Machine.Address: KeyedForm {
    package static var blank: Machine.Address { Machine.Address(ipv4: "", ipv6: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("ipv4", &ipv4)
        try form.field("ipv6", &ipv6)
    }
}

extension Machine.Process: KeyedForm {
    package static var blank: Machine.Process {
        Machine.Process(pid: 0, startTicks: 0, monitorPID: 0, startedAt: Timestamp(milliseconds: 0))
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("pid", &pid)
        try form.need("startTicks", &startTicks)
        try form.need("monitorPID", &monitorPID)
        try form.field("startedAt", &startedAt)
    }
}

extension Machine.Exit: KeyedForm {
    package static var blank: Machine.Exit {
        Machine.Exit(code: 0, outOfMemory: false, requested: false, at: Timestamp(milliseconds: 0))
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("code", &code)
        try form.field("signal", &signal)
        try form.field("outOfMemory", &outOfMemory)
        try form.field("requested", &requested)
        try form.field("at", &at)
    }
}

extension Machine.Event: KeyedForm {
    package static var blank: Machine.Event { Machine.Event(kind: .unknown(""), at: Timestamp(milliseconds: 0)) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("kind", &kind)
        try form.field("at", &at)
        try form.field("exit", &exit)
        try form.field("detail", &detail)
    }
}

extension Machine.CheckStatus: KeyedForm {
    package static var blank: Machine.CheckStatus {
        Machine.CheckStatus(name: "", status: .critical, output: "", updatedAt: Timestamp(milliseconds: 0))
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("name", &name)
        try form.field("status", &status)
        try form.field("output", &output)
        try form.field("updatedAt", &updatedAt)
    }
}

extension Machine.Gate: KeyedForm {
    package static var blank: Machine.Gate { Machine.Gate(output: "", isError: false) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("output", &output)
        try form.field("isError", &isError)
    }
}
