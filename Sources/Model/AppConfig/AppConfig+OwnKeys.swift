extension AppConfig {
    /// The keys that Roost reads beside Fly's, and why there are any; `docs/fly-toml.md` lists the same.
    package static let ownKeys: [(path: String, reason: String)] = [
        ("http_service.hostnames", "host names beside the app's own; Fly keeps them with its certificates"),
        (
            "deploy.stay_up",
            "how long a new Machine has to run before a deploy takes it for good; flyctl has a fixed time of its own"
        ),
        (
            "deploy.max_machines",
            "an app that keeps state in its process is one Machine; Fly has `fly scale count` for it"
        ),
    ]
}
