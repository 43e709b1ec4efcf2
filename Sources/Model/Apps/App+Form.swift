extension App: KeyedForm {
    package static var schema: Int? { 2 }
    package static var blank: App { App(name: "", createdAt: Timestamp(milliseconds: 0), owner: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("name", &name)
        try form.field("createdAt", &createdAt)
        try form.field("owner", &owner)
        try form.field("hostnames", &hostnames)
        try form.field("addedHostnames", &addedHostnames)
        try form.field("currentRelease", &currentRelease)
        try form.field("destroying", &destroying)
        try form.field("tryout", &tryout)
        try form.field("traffic", &traffic)
        try form.field("network", &ownNetwork)
        try form.field("reach", &ownReach)
        try form.field("privateAddresses", &privateAddresses)
    }
}
