extension AppConfig {
    /// The keys that Roost reads beside Fly's, and why there are any; `docs/fly-toml.md` lists the same.
    package static let ownKeys: [(path: String, reason: String)] = [
        ("http_service.hostnames", "host names beside the app's own; Fly keeps them with its certificates"),
        ("http_service.rate_limit", "what one client may ask; Fly has no limit of a client's"),
        ("http_service.rate_limit.requests", "how many requests"),
        ("http_service.rate_limit.per", "in which time"),
        ("http_service.rate_limit.burst", "how many of them at once"),
        ("http_service.rate_limit.key", "what tells clients apart"),
        ("http_service.rate_limit.exempt", "paths that don't count"),
        ("http_service.http_options.security_headers", "HSTS and its like in one word; on Fly each is written out"),
        (
            "deploy.stay_up",
            "how long a new Machine has to run before a deploy takes it for good; flyctl has a fixed time of its own"
        ),
        (
            "deploy.max_machines",
            "an app that keeps state in its process is one Machine; Fly has `fly scale count` for it"
        ),
        ("deploy.rollback", "`false` leaves Machines as a failed deploy left them; flyctl never puts them back"),
        ("deploy.canary_weight", "the share of requests that a canary gets, such as \"5%\"; Fly has none"),
        ("deploy.canary_duration", "how long a canary with a weight is compared with the others (1m)"),
        (
            "http_service.checks.on_failure",
            "what a check that goes on failing brings about; on Fly it only takes away the requests"
        ),
    ]
}
