// The form in which `serve` sends names and the resolver keeps them.

extension NameChanges: KeyedForm {
    package static var schema: Int? { 1 }
    package static var blank: NameChanges { NameChanges(base: 0, revision: 0, home: .blank) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("base", &base)
        try form.need("revision", &revision)
        try form.field("home", &home)
        try form.field("apps", &apps)
        try form.field("removed", &removed)
    }
}

extension NameHome: KeyedForm {
    package static var blank: NameHome { NameHome(region: Regions.local) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("region", &region)
        try form.field("device", &device)
        try form.field("listen", &listen)
        try form.field("port", &port)
        try form.field("flycast", &flycast)
    }
}

extension NamedApp: KeyedForm {
    package static var blank: NamedApp { NamedApp(app: "", network: 1) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("app", &app)
        try form.field("network", &network)
        try form.field("machines", &machines)
        try form.field("flycast", &flycast)
    }
}

extension NamedApp.Flycast: KeyedForm {
    package static var blank: Self { Self(address: "", network: 1) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("address", &address)
        try form.field("network", &network)
    }
}

extension NamedMachine: KeyedForm {
    package static var blank: NamedMachine {
        NamedMachine(id: .none, address: .blank, region: Regions.local, isStarted: false)
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("id", &id)
        try form.need("address", &address)
        try form.field("region", &region)
        try form.field("group", &group)
        try form.field("metadata", &metadata)
        try form.field("isStarted", &isStarted)
        try form.field("isHidden", &isHidden)
    }
}
