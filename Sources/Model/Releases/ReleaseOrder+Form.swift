extension ReleaseOrder: KeyedForm {
    package static var blank: ReleaseOrder { ReleaseOrder(.restart, user: "") }

    package mutating func fields(_ form: inout Form) throws {
        // What is to be done has no default: an order of a later kind is refused, not taken for another.
        try form.need("kind", &kind)
        try form.field("user", &user)
        try form.field("version", &version)
        try form.field("counts", &counts)
        try form.field("regions", &regions)
        try form.field("max_per_region", &maxPerRegion)
        try form.field("sizes", &sizes)
        try form.field("onlyIfChanged", &onlyIfChanged)
    }
}
