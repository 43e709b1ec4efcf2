extension Release: KeyedForm {
    package static var schema: Int? { 2 }

    package static var blank: Release {
        Release(
            app: "",
            version: 0,
            image: "",
            config: AppConfig(),
            createdAt: Timestamp(milliseconds: 0),
            user: ""
        )
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("app", &app)
        try form.need("version", &version)
        try form.need("image", &image)
        try form.need("config", &config)
        try form.field("createdAt", &createdAt)
        try form.field("user", &user)
        try form.field("status", &status)
        try form.field("secrets", &secrets)
        try form.field("counts", &counts)
        try form.field("sizes", &sizes)
        try form.field("regions", &regions)
        try form.field("reason", &reason)
        try form.field("revisions", &revisions)
        try form.field("traffic", &traffic)
    }
}
