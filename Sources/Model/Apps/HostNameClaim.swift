/// An app's claim on a host name, and the roll-out that made it.
package struct HostNameClaim: Equatable, Sendable {
    package var app: String
    package var rollout: String

    package init(app: String, rollout: String) {
        self.app = app
        self.rollout = rollout
    }
}

extension HostNameClaim: KeyedForm {
    package static var schema: Int? { 1 }
    package static var blank: HostNameClaim { HostNameClaim(app: "", rollout: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("app", &app)
        try form.field("rollout", &rollout)
    }
}
