extension Volume: KeyedForm {
    package static var schema: Int? { 2 }

    package static var blank: Volume {
        Volume(id: "", name: "", app: "", region: "", host: "", sizeGB: 1, createdAt: Timestamp(milliseconds: 0))
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("id", &id)
        try form.need("name", &name)
        try form.need("app", &app)
        try form.field("region", &region)
        try form.field("host", &host)
        try form.field("sizeGB", &sizeGB)
        try form.field("createdAt", &createdAt)
        try form.field("attachedTo", &attachedTo)
        try form.field("leavingSince", &leavingSince)
        try form.field("snapshotRetention", &snapshotRetention)
        try form.field("scheduledSnapshots", &scheduledSnapshots)
        try form.field("filledFrom", &filledFrom)
    }
}
