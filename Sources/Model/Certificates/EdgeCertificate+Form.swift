extension EdgeCertificate: KeyedForm {
    package static var blank: EdgeCertificate { EdgeCertificate(hostname: "", id: "", chain: "", key: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("hostname", &hostname)
        try form.need("id", &id)
        try form.need("chain", &chain)
        try form.need("key", &key)
    }
}

extension CertificateNews: KeyedForm {
    package static var blank: CertificateNews { CertificateNews(revision: 0) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("revision", &revision)
        try form.field("put", &put)
        try form.field("removed", &removed)
        try form.field("all", &all)
        try form.field("challenges", &challenges)
    }
}
