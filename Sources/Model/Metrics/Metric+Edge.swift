/// What edges count.
///
/// > Source: `proxy-dns`, section 24.2; Fly's names where Fly has one.
extension Metric {
    private static let app = ["app", "region", "host", "proxy_id"]
    private static let worker = ["app", "region", "host", "proxy_id", "instance"]
    private static let proxy = ["region", "host", "proxy_id"]

    /// All that an edge counts.
    package static let edge: [Metric] = [
        edgeResponses, edgeResponseTime, edgeDataIn, edgeDataOut, edgeConnects, edgeDisconnects, edgeHandshakeErrors,
        edgeHandshakeTime, appResponses, appResponseTime, appConcurrency, appConnectTime, appConnects, appDisconnects,
        edgeRateLimited, edgeHeld, edgeHeldSeconds, edgeFailed, edgeQueue, edgeConnections, edgeRefused, edgeHandshakes,
        edgeRoutes, edgeRevision,
    ]

    /// The number `fly_edge_http_responses_count`.
    package static let edgeResponses = Metric(
        "fly_edge_http_responses_count",
        .counter,
        app + ["status"],
        "Answers to requests, by status."
    )
    /// The number `fly_edge_http_response_time_seconds`.
    package static let edgeResponseTime = Metric(
        "fly_edge_http_response_time_seconds",
        .histogram,
        app + ["status"],
        "From the head of a request to the head of its answer."
    )
    /// The number `fly_edge_data_in`.
    package static let edgeDataIn = Metric(
        "fly_edge_data_in",
        .counter,
        app,
        "Bytes of requests' bodies, and of connections, from clients."
    )
    /// The number `fly_edge_data_out`.
    package static let edgeDataOut = Metric(
        "fly_edge_data_out",
        .counter,
        app,
        "Bytes of answers' bodies, and of connections, to clients."
    )
    /// The number `fly_edge_tcp_connects_count`.
    package static let edgeConnects = Metric(
        "fly_edge_tcp_connects_count",
        .counter,
        app,
        "Connections that are no HTTP."
    )
    /// The number `fly_edge_tcp_disconnects_count`.
    package static let edgeDisconnects = Metric(
        "fly_edge_tcp_disconnects_count",
        .counter,
        app,
        "Ends of connections that are no HTTP."
    )
    /// The number `fly_edge_tls_handshake_errors`.
    package static let edgeHandshakeErrors = Metric(
        "fly_edge_tls_handshake_errors",
        .counter,
        proxy,
        "TLS handshakes that failed."
    )
    /// The number `fly_edge_tls_handshake_time_seconds`.
    package static let edgeHandshakeTime = Metric(
        "fly_edge_tls_handshake_time_seconds",
        .histogram,
        proxy,
        "From a connection to the end of its TLS handshake."
    )
    /// The number `fly_app_http_responses_count`.
    package static let appResponses = Metric(
        "fly_app_http_responses_count",
        .counter,
        worker + ["status"],
        "Answers of a Machine, by status."
    )
    /// The number `fly_app_http_response_time_seconds`.
    package static let appResponseTime = Metric(
        "fly_app_http_response_time_seconds",
        .histogram,
        worker + ["status"],
        "From a request's way to the Machine to the head of the answer."
    )
    /// The number `fly_app_concurrency`.
    package static let appConcurrency = Metric(
        "fly_app_concurrency",
        .gauge,
        worker,
        "Requests and connections at a Machine."
    )
    /// The number `fly_app_connect_time_seconds`.
    package static let appConnectTime = Metric(
        "fly_app_connect_time_seconds",
        .histogram,
        worker,
        "What it took to open connections to a Machine."
    )
    /// The number `fly_app_tcp_connects_count`.
    package static let appConnects = Metric(
        "fly_app_tcp_connects_count",
        .counter,
        worker,
        "Connections that are no HTTP, opened to a Machine."
    )
    /// The number `fly_app_tcp_disconnects_count`.
    package static let appDisconnects = Metric(
        "fly_app_tcp_disconnects_count",
        .counter,
        worker,
        "Ends of connections that are no HTTP, at a Machine."
    )
    /// The number `roost_edge_rate_limited_total`.
    package static let edgeRateLimited = Metric(
        "roost_edge_rate_limited_total",
        .counter,
        app,
        "Requests that were refused by the app's rate limit."
    )
    /// The number `roost_edge_held_total`.
    package static let edgeHeld = Metric(
        "roost_edge_held_total",
        .counter,
        app,
        "Requests that had to wait for a Machine."
    )
    /// The number `roost_edge_held_seconds_total`.
    package static let edgeHeldSeconds = Metric(
        "roost_edge_held_seconds_total",
        .counter,
        app,
        "How long they waited, together."
    )
    /// The number `roost_edge_failed_total`.
    package static let edgeFailed = Metric(
        "roost_edge_failed_total",
        .counter,
        app,
        "Requests that the edge answered with an error of its own."
    )
    /// The number `roost_edge_queue_length`.
    package static let edgeQueue = Metric(
        "roost_edge_queue_length",
        .gauge,
        app,
        "Requests and connections that wait for a Machine now."
    )
    /// The number `roost_edge_connections`.
    package static let edgeConnections = Metric(
        "roost_edge_connections",
        .gauge,
        proxy,
        "Client connections that are open."
    )
    /// The number `roost_edge_refused_total`.
    package static let edgeRefused = Metric(
        "roost_edge_refused_total",
        .counter,
        proxy,
        "Requests for no host of ours, and nonsense."
    )
    /// The number `roost_edge_tls_handshakes_total`.
    package static let edgeHandshakes = Metric(
        "roost_edge_tls_handshakes_total",
        .counter,
        proxy,
        "TLS handshakes that succeeded."
    )
    /// The number `roost_edge_routes`.
    package static let edgeRoutes = Metric("roost_edge_routes", .gauge, proxy, "Routes in force.")
    /// The number `roost_edge_routes_revision`.
    package static let edgeRevision = Metric(
        "roost_edge_routes_revision",
        .gauge,
        proxy,
        "Revision of the routes in force."
    )
}
