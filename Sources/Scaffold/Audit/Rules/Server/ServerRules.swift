/// Rules on how the server is started and stopped.
package enum ServerRules {
    /// In the order of their ids.
    package static let all: [Rule] = []
}

extension Rules {
    package static let server = ServerRules.all
}
