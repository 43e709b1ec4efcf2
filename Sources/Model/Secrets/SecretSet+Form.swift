extension SecretSet: KeyedForm {
    package static var schema: Int? { 1 }

    package static var blank: SecretSet { .empty("") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("app", &app)
        try form.need("version", &version)
        try form.field("createdAt", &createdAt)
        try form.need("secrets", &secrets)
    }
}

extension SealedSecret: KeyedForm {
    package static var blank: SealedSecret {
        SealedSecret(digest: "", key: "", sealed: "", at: Timestamp(milliseconds: 0))
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("digest", &digest)
        try form.need("key", &key)
        try form.need("sealed", &sealed)
        try form.field("createdAt", &createdAt)
        try form.field("updatedAt", &updatedAt)
    }
}
