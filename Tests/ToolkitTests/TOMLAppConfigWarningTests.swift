import Model
import Testing
import Toolkit

@Suite("Warnings about fly.toml")
struct TOMLAppConfigWarningTests {
    @Test("says what has no effect, where, and what was meant", arguments: rows)
    func golden(row: GoldenRow) {
        #expect(row.found == row.expected)
    }

    private typealias Row = GoldenRow

    private static let rows: [GoldenRow] = [
        Row(
            "a misspelt key",
            """
            app = "a"





            primary_regoin = "ams"
            """,
            #"fly.toml:7:1: unknown key "primary_regoin"; did you mean "primary_region"?"#
        ),
        Row(
            "a misspelt key in a section",
            """
            [http_service]
            intrenal_port = 80
            """,
            #"fly.toml:2:1: unknown key "http_service.intrenal_port"; did you mean "http_service.internal_port"?"#
        ),
        Row(
            "a misspelt section",
            """
            [htp_service]
            internal_port = 80
            """,
            #"fly.toml:1:2: unknown section "htp_service"; did you mean "http_service"?"#
        ),
        Row(
            "a misspelt array of sections",
            """
            [[mouts]]
            source = "a"
            """,
            #"fly.toml:1:3: unknown section "mouts"; did you mean "mounts"?"#
        ),
        Row(
            "a key like nothing",
            "zzzzzzzz = 1",
            #"fly.toml:1:1: unknown key "zzzzzzzz""#
        ),
        Row(
            "a key that is there twice but for its case",
            """
            app = "a"
            App = "b"
            """,
            #"fly.toml:2:1: unknown key "App"; did you mean "app"?"#
        ),
        Row(
            "keys of Fly that do nothing yet",
            """
            console_command = "x"
            host_dedication_id = "x"
            machine_config = "x.json"
            container = "app"
            [[files]]
            guest_path = "/a"
            [[files]]
            guest_path = "/b"
            [[statics]]
            guest_path = "/app/public"
            url_prefix = "/"
            [metrics]
            port = 9091
            https = true
            """,
            """
            fly.toml:1:1: console_command has no effect on this host yet
            fly.toml:2:1: host_dedication_id has no effect on this host yet
            fly.toml:3:1: machine_config has no effect on this host yet
            fly.toml:4:1: container has no effect on this host yet
            fly.toml:14:1: metrics.https has no effect on this host yet
            """
        ),
        Row(
            "keys that nobody handles any more",
            """
            allowed_public_ports = []
            [[services]]
            [[services.ports]]
            port = 80
            [[services.tcp_checks]]
            restart_limit = 3
            [[services.script_checks]]
            """,
            """
            fly.toml:1:1: allowed_public_ports is obsolete and has no effect
            fly.toml:6:1: services[0].tcp_checks[0].restart_limit is obsolete and has no effect
            fly.toml:7:12: services[0].script_checks is obsolete and has no effect
            """
        ),
        Row(
            "names that belong to the platform, and secrets in the clear",
            """
            [env]
            FLY_APP = "x"
            SESSION_SECRET = "x"
            PORT = 8080
            """,
            """
            fly.toml:2:1: env.FLY_APP: names that begin with FLY_ belong to the platform, which may overwrite them
            fly.toml:3:1: env.SESSION_SECRET looks like a secret, and [env] is stored and shown in the clear; set \
            it as one
            """
        ),
        Row(
            "a long time to stop",
            "kill_timeout = 400",
            "fly.toml:1:16: kill_timeout: 6m40s is cut to 5m0s, the most there is"
        ),
        Row(
            "parts of build that do nothing yet",
            """
            [build]
            builder = "x"
            buildpacks = ["y"]
            builtin = "node"
            compression = "zstd"
            [build.settings]
            [build.compose]
            """,
            """
            fly.toml:1:1: build: names more than one way to get an image; the first of image, builder and \
            dockerfile counts
            fly.toml:2:1: build.builder: only "python" is handled yet
            fly.toml:3:1: build.buildpacks has no effect on this host yet
            fly.toml:4:1: build.builtin has no effect on this host yet
            fly.toml:5:1: build.compression has no effect on this host yet
            fly.toml:6:8: build.settings has no effect on this host yet
            fly.toml:7:8: build.compose has no effect on this host yet
            """
        ),
        Row(
            "several ways to get an image",
            """
            [build]
            image = "x"
            dockerfile = "Dockerfile"
            """,
            """
            fly.toml:1:1: build: names more than one way to get an image; the first of image, builder and \
            dockerfile counts
            """
        ),
        Row(
            "max_unavailable where it means nothing",
            """
            [deploy]
            strategy = "immediate"
            max_unavailable = 1
            """,
            #"fly.toml:3:1: deploy.max_unavailable has no effect with the strategy "immediate""#
        ),
        Row(
            "a bare number of nanoseconds",
            """
            [deploy]
            wait_timeout = 300
            """,
            """
            fly.toml:2:16: deploy.wait_timeout: a bare number here is nanoseconds; write a duration with its unit, \
            for example "300ns"
            """
        ),
        Row(
            "a bare number in http_service.checks",
            """
            [[http_service.checks]]
            interval = 10000
            """,
            """
            fly.toml:2:12: http_service.checks[0].interval: a bare number here is taken as milliseconds, but as \
            nanoseconds by flyctl; write its unit, for example "10s"
            """
        ),
        Row(
            "options of ports",
            """
            [http_service.http_options]
            headers_read_timeout = 5
            h2_backend = true
            [http_service.tls_options]
            default_self_signed = true
            """,
            """
            fly.toml:2:1: http_service.http_options.headers_read_timeout has no effect on this host yet
            fly.toml:5:1: http_service.tls_options.default_self_signed has no effect on this host yet
            """
        ),
        Row(
            "times of service checks are clamped",
            """
            [[http_service.checks]]
            interval = "500ms"
            timeout = "2m"
            grace_period = "0.5s"
            """,
            """
            fly.toml:2:12: http_service.checks[0].interval: 500ms is raised to 1s
            fly.toml:3:11: http_service.checks[0].timeout: 2m0s is lowered to 1m0s
            fly.toml:4:16: http_service.checks[0].grace_period: 500ms is raised to 1s
            """
        ),
        Row(
            "no grace is fine",
            """
            [[http_service.checks]]
            grace_period = "0s"
            """,
            ""
        ),
        Row(
            "TLS of checks",
            """
            [[http_service.checks]]
            protocol = "https"
            tls_skip_verify = true
            tls_server_name = "x"
            """,
            """
            fly.toml:2:1: http_service.checks[0].protocol has no effect on this host yet
            fly.toml:3:1: http_service.checks[0].tls_skip_verify has no effect on this host yet
            fly.toml:4:1: http_service.checks[0].tls_server_name has no effect on this host yet
            """
        ),
        Row(
            "a soft limit that is never reached, in the old form",
            """
            [[services]]
            concurrency = "25,20"
            [[services.ports]]
            port = 80
            """,
            """
            fly.toml:2:15: services[0].concurrency: soft_limit 25 is above hard_limit 20, so it is never reached
            """
        ),
        Row(
            "a service without ports",
            """
            [[services]]
            internal_port = 80
            """,
            "fly.toml:1:1: services[0]: has no ports, so nothing reaches it; add [[services.ports]]"
        ),
        Row(
            "UDP",
            """
            [[services]]
            protocol = "udp"
            internal_port = 53
            [[services.ports]]
            port = 53
            """,
            #"fly.toml:2:1: services[0].protocol: a service with "udp" has no effect on this host yet"#
        ),
        Row(
            "handlers and ranges",
            """
            [[services]]
            [[services.ports]]
            start_port = 1
            end_port = 1001
            [[services.ports]]
            port = 5432
            handlers = ["edge_http"]
            [services.ports.proxy_proto_options]
            version = "v2"
            """,
            """
            fly.toml:3:1: services[0].ports[0]: the edge opens only the first 1000 ports of a range
            fly.toml:7:13: services[0].ports[1].handlers[0]: the handler "edge_http" has no effect on this host \
            yet
            fly.toml:8:17: services[0].ports[1].proxy_proto_options: counts only beside the handler "proxy_proto"
            """
        ),
        Row(
            "two mounts of one group",
            """
            [[mounts]]
            source = "a"
            destination = "/a"
            [[mounts]]
            source = "b"
            destination = "/b"
            """,
            #"fly.toml:4:1: mounts[1]: the group "app" has a mount already; this one has no effect for it"#
        ),
        Row(
            "a mount for a group that does not exist",
            """
            [[mounts]]
            source = "a"
            destination = "/a"
            processes = ["web"]
            """,
            """
            fly.toml:4:14: mounts[0].processes[0]: "web" is no process group, so this has no effect; there is "app"
            """
        ),
        Row(
            "snapshots and growth",
            """
            [mounts]
            source = "a"
            destination = "/a"
            snapshot_retention = 7
            scheduled_snapshots = false
            auto_extend_size_threshold = 80
            auto_extend_size_increment = "1GB"
            auto_extend_size_limit = "5GB"
            """,
            ""
        ),
        Row(
            "parts of vm",
            """
            [[vm]]
            gpu_kind = "a10"
            kernel_args = "x"
            persist_rootfs = "always"
            host_dedication_id = "x"
            processes = ["web"]
            """,
            """
            fly.toml:2:1: vm[0].gpu_kind has no effect on this host yet
            fly.toml:3:1: vm[0].kernel_args has no effect on this host yet
            fly.toml:4:1: vm[0].persist_rootfs has no effect on this host yet
            fly.toml:5:1: vm[0].host_dedication_id has no effect on this host yet
            fly.toml:6:14: vm[0].processes[0]: "web" is no process group, so this has no effect; there is "app"
            """
        ),
        Row(
            "parts of experimental",
            """
            [experimental]
            auto_rollback = true
            metrics_port = 9090
            metrics_path = "/m"
            """,
            """
            fly.toml:2:1: experimental.auto_rollback is obsolete and has no effect
            """
        ),
    ]
}
