/// What `POST /v1/apps/{app}/tryouts` takes: asked for again, it changes nothing and tells how far it is.
package struct TryoutRequest: Sendable {
    package var wishes: [TryoutWish]
    /// `user@host`.
    package var user: String

    package init(wishes: [TryoutWish], user: String) {
        self.wishes = wishes
        self.user = user
    }
}

/// What it answers; never a value.
package struct TryoutAnswer: Sendable {
    package var services: [Service]
    /// Variables that have been set now.
    package var set: [String]
    /// Variables that had another value, and keep it.
    package var kept: [String]

    package init(services: [Service] = [], set: [String] = [], kept: [String] = []) {
        self.services = services
        self.set = set
        self.kept = kept
    }

    /// One throw-away service, and what reaches it.
    package struct Service: Sendable {
        /// The throw-away's own name.
        package var app: String
        package var kind: TryoutKind
        /// `15`, once it is known.
        package var version: String?
        /// The roll-out that starts it; nil when it runs already.
        package var rollout: Rollout?
        /// All variables that lead to it are set.
        package var isReady: Bool

        package init(app: String, kind: TryoutKind, version: String? = nil, rollout: Rollout?, isReady: Bool) {
            self.app = app
            self.kind = kind
            self.version = version
            self.rollout = rollout
            self.isReady = isReady
        }

    }
}
