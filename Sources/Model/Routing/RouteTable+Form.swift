// The form in which `serve` sends routes and the edge keeps them.

extension RouteTable: KeyedForm {
    package static var schema: Int? { 2 }
    package static var blank: RouteTable { RouteTable() }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("revision", &revision)
        try form.field("apps", &apps)
    }
}

extension RouteChanges: KeyedForm {
    package static var blank: RouteChanges { RouteChanges(base: 0, revision: 0, routes: []) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("base", &base)
        try form.need("revision", &revision)
        try form.field("routes", &routes)
        try form.field("removed", &removed)
    }
}

extension Route: KeyedForm {
    package static var blank: Route { Route(app: "", hostnames: [], autostart: true, machines: []) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("app", &app)
        try form.field("hostnames", &hostnames)
        try form.field("autostart", &autostart)
        try form.field("machines", &machines)
        try form.field("forceHTTPS", &forceHTTPS)
        try form.field("port", &port)
        try form.field("idleTimeout", &idleTimeout)
        try form.field("compares", &compares)
        try form.field("options", &options)
        try form.field("tlsOptions", &tlsOptions)
        try form.field("rateLimit", &rateLimit)
        try form.field("entrances", &entrances)
        try form.field("isStream", &isStream)
        try form.field("statics", &statics)
        try form.field("closedPaths", &closedPaths)
        try form.field("traffic", &traffic)
        try form.field("reach", &reach)
        try form.field("privateAddresses", &privateAddresses)
        try form.field("privatePorts", &privatePorts)
    }
}

extension Route.Target: KeyedForm {
    package static var blank: Route.Target {
        Route.Target(
            machine: .none,
            region: "",
            address: .blank,
            port: 0,
            state: .draining,
            concurrency: MachineConfig.Concurrency()
        )
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("machine", &machine)
        try form.field("region", &region)
        try form.need("address", &address)
        try form.need("port", &port)
        try form.need("state", &state)
        try form.field("softLimit", &softLimit)
        try form.field("hardLimit", &hardLimit)
        try form.field("share", &share)
    }
}
