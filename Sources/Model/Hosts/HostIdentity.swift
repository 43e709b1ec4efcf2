/// Who a host is: an ID that it keeps for ever, in its state folder.
///
/// Its name is a label, which DHCP or a person changes.
package struct HostIdentity: Equatable, Sendable {
    /// `host_` and 16 lower-case letters or digits.
    package var id: String
    package var name: String
    /// What records of version 0.1 call this host: by its name of that time.
    package var formerNames: [String]

    package init(id: String, name: String, formerNames: [String] = []) {
        self.id = id
        self.name = name
        self.formerNames = formerNames
    }

    /// Whether a record that names `host` is this host's own.
    package func owns(_ host: String) -> Bool { host == id || formerNames.contains(host) }

    /// The identity to go on with.
    ///
    /// - Parameters:
    ///   - stored: what the state folder has; nil at the first start, or when it is lost.
    ///   - name: what the host is called today.
    ///   - recorded: what the records of a store call their host that is this host's alone.
    ///   - newID: gives an ID nobody has.
    /// - Returns: the stored one under today's name; else one that owns all those records, which nobody else can.
    package static func decide(
        stored: HostIdentity?,
        name: String,
        recorded: Set<String>,
        newID: () -> String = HostIdentity.newID
    ) -> HostIdentity {
        if var stored {
            stored.name = name
            return stored
        }
        let ids = recorded.filter(isID).sorted()
        let id = ids.first ?? newID()
        return HostIdentity(id: id, name: name, formerNames: recorded.filter { $0 != id }.sorted())
    }

    /// A new ID.
    package static func newID() -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return prefix + String((0..<16).map { _ in alphabet[Int.random(in: alphabet.indices)] })
    }

    // MARK: - Private

    private static let prefix = "host_"

    private static func isID(_ text: String) -> Bool { text.hasPrefix(prefix) && text.utf8.count == 21 }
}

extension HostIdentity: KeyedForm {
    package static var schema: Int? { 1 }
    package static var blank: HostIdentity { HostIdentity(id: "", name: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("id", &id)
        try form.field("name", &name)
        try form.field("formerNames", &formerNames)
    }
}
