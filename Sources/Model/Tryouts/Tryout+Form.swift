// The form of throw-aways, stored and asked for; ``KeyedForm`` says how it may grow.

extension Tryout: KeyedForm {
    package static var blank: Self {
        var blank = Self(of: "", TryoutWish(.postgres, user: "", database: ""))
        blank.kind = ""
        return blank
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("of", &of)
        try form.field("kind", &kind)
        try form.field("extras", &extras)
        try form.field("user", &user)
        try form.field("database", &database)
        try form.field("connections", &connections)
        try form.field("hosts", &hosts)
    }
}

extension Tryout.Connection: KeyedForm {
    package static var blank: Self { Self("", ConnectionForm("")) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("variable", &variable)
        try form.need("form", &self.form)
    }
}

extension TryoutWish: KeyedForm {
    package static var blank: Self { Self(.postgres, user: "", database: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("kind", &kind)
        try form.field("extras", &extras)
        try form.need("user", &user)
        try form.need("database", &database)
        try form.field("connections", &connections)
        try form.field("hosts", &hosts)
        try form.field("open", &isOpen)
    }
}

extension TryoutRequest: KeyedForm {
    package static var blank: Self { Self(wishes: [], user: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("wishes", &wishes)
        try form.field("user", &user)
    }
}

extension TryoutAnswer: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("services", &services)
        try form.field("set", &set)
        try form.field("kept", &kept)
    }
}

extension TryoutAnswer.Service: KeyedForm {
    package static var blank: Self { Self(app: "", kind: .postgres, rollout: nil, isReady: false) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("app", &app)
        try form.need("kind", &kind)
        try form.field("version", &version)
        try form.field("rollout", &rollout)
        try form.field("ready", &isReady)
    }
}
