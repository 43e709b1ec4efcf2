/// Ports of the edge that it opens for a route, and what it does with a connection there.
package struct Entrance: Equatable, Sendable {
    package var first: Int
    package var last: Int
    /// Fly's words: `http`, `tls`, `pg_tls`, `proxy_proto`; none is bytes as they come.
    package var handlers: [String]
    package var tlsOptions: AppConfig.TLSOptions?
    /// The form in which the app is told the client's address before all else; nil where it is not told.
    package var header: AppConfig.ProxyProtocol?

    package init(_ port: MachineConfig.Port) {
        first = port.range.lowerBound
        last = port.range.upperBound
        handlers = port.handlers
        tlsOptions = port.tlsOptions
        header = port.handlers.contains("proxy_proto") ? port.proxyProtocol ?? .v1 : nil
    }

    package var ports: ClosedRange<Int> { first...max(first, last) }
    package var isHTTP: Bool { handlers.contains("http") }
    /// TLS from the first byte on.
    package var isSecure: Bool { handlers.contains("tls") }
    /// TLS as PostgreSQL's clients ask for it.
    package var isPostgres: Bool { handlers.contains("pg_tls") }
}

extension Entrance: KeyedForm {
    package static var blank: Entrance { Entrance(MachineConfig.Port(port: 0, handlers: [])) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("first", &first)
        try form.need("last", &last)
        try form.field("handlers", &handlers)
        try form.field("tlsOptions", &tlsOptions)
        try form.field("header", &header)
    }
}
