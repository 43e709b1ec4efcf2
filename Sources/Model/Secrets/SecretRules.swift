/// What may be a secret.
package enum SecretRules {
    /// The most bytes of one value, and of all of an app together: the kernel hands a program little more.
    package static let maximumBytes = 128 << 10

    /// Refuses what can be no variable of an environment, or one that the platform sets itself.
    package static func check(name: String) throws(Fault) {
        guard isName(name) else {
            throw Fault(
                .invalidRequest,
                "\(ConfigNode.quoted(name)) can't be the name of a secret",
                hint: "letters, digits and _, no digit first, at most 256: DATABASE_URL"
            )
        }
        guard !platformNames.contains(name) else {
            throw Fault(.invalidRequest, "\(name) is set by the platform itself", hint: "choose another name")
        }
    }

    /// Refuses a value that no environment can carry; the message does not show it.
    package static func check(value: String, of name: String) throws(Fault) {
        guard !value.utf8.contains(0) else { throw Fault(.invalidRequest, "the value of \(name) has a NUL byte") }
        guard value.utf8.count <= maximumBytes else {
            throw Fault(.tooLarge, "the value of \(name) has more than \(maximumBytes) bytes")
        }
    }

    /// Whether a text can be the name of an environment variable.
    package static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 256, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 0x5F
        }
    }

    /// What each Machine's environment says of the Machine: no secret of that name reaches a process.
    package static let platformNames: Set<String> = [
        "FLY_APP_NAME", "FLY_MACHINE_ID", "FLY_ALLOC_ID", "FLY_REGION", "FLY_PRIVATE_IP", "FLY_IMAGE_REF",
        "FLY_MACHINE_VERSION", "FLY_VM_MEMORY_MB", "FLY_PROCESS_GROUP",
    ]
}
