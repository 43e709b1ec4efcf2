/// The keys of Fly's `fly.toml`, section by section, as the fixture with every key spells them.
enum FlyKeys {
    /// Dotted, without the indexes of arrays; `*` for names that are made up.
    static let all = sections.flatMap { section, keys in
        keys.split(separator: " ").map { section.isEmpty ? String($0) : "\(section).\($0)" }
    }

    /// Other names of the same, and what Fly took once.
    static let old = [
        "compute", "computes", "mount", "metric", "build.build_target", "experimental.kill_timeout",
        "experimental.allowed_public_ports", "services.script_checks", "services.tcp_checks.restart_limit",
        "services.http_checks.restart_limit", "allowed_public_ports",
    ]

    /// Tables whose keys are made up by a person.
    static let maps: Set<String> = [
        "env", "processes", "checks", "build.args", "build.settings", "experimental.attached.secrets.export",
    ]

    // MARK: - Private

    private static let sections: [(String, String)] = [
        (
            "",
            """
            app primary_region kill_signal kill_timeout swap_size_mb console_command host_dedication_id \
            machine_config container experimental build deploy env processes mounts http_service services checks \
            machine_checks files vm statics metrics restart
            """
        ),
        (
            "experimental",
            """
            cmd entrypoint exec auto_rollback enable_consul enable_etcd lazy_load_images machine_config kill_timeout \
            metrics_port metrics_path attached attached.secrets attached.secrets.export attached.secrets.export.*
            """
        ),
        (
            "build",
            """
            image dockerfile ignorefile build-target builder buildpacks builtin compression compression_level args \
            args.* settings settings.* compose compose.file
            """
        ),
        (
            "deploy",
            """
            strategy max_unavailable wait_timeout release_command release_command_timeout seed_command \
            release_command_vm release_command_vm.size release_command_vm.memory release_command_vm.kernel_args
            """
        ),
        ("env", "*"),
        ("processes", "*"),
        (
            "mounts",
            """
            source destination initial_size snapshot_retention scheduled_snapshots auto_extend_size_threshold \
            auto_extend_size_increment auto_extend_size_limit processes
            """
        ),
        (
            "http_service",
            """
            internal_port force_https auto_stop_machines auto_start_machines min_machines_running processes \
            concurrency tls_options http_options checks machine_checks
            """
        ),
        (
            "services",
            """
            protocol internal_port auto_stop_machines auto_start_machines min_machines_running processes concurrency \
            ports tcp_checks http_checks machine_checks
            """
        ),
        ("http_service.concurrency", "type soft_limit hard_limit"),
        ("services.concurrency", "type soft_limit"),
        ("http_service.tls_options", "alpn versions default_self_signed"),
        ("services.ports.tls_options", "alpn"),
        (
            "http_service.http_options",
            """
            compress idle_timeout headers_read_timeout h2_backend response response.pristine response.headers \
            response.headers.* replay_cache replay_cache.path_prefix replay_cache.ttl_seconds replay_cache.type \
            replay_cache.name replay_cache.allow_bypass
            """
        ),
        (
            "services.ports",
            """
            port start_port end_port handlers force_https tls_options http_options http_options.compress \
            proxy_proto_options proxy_proto_options.version
            """
        ),
        (
            "http_service.checks",
            """
            interval timeout grace_period method path protocol tls_skip_verify tls_server_name headers headers.*
            """
        ),
        ("services.tcp_checks", "interval timeout grace_period"),
        ("services.http_checks", "interval path tls_server_name"),
        ("http_service.machine_checks", "command image entrypoint kill_signal kill_timeout"),
        ("services.machine_checks", "command"),
        ("machine_checks", "command"),
        ("checks", "*"),
        (
            "checks.*",
            """
            type port interval timeout grace_period method path protocol tls_skip_verify tls_server_name processes \
            headers headers.*
            """
        ),
        ("files", "guest_path local_path secret_name raw_value processes"),
        (
            "vm",
            """
            size memory memory_mb cpus cpu_kind max_memory_mb gpus gpu_kind kernel_args host_dedication_id \
            persist_rootfs processes
            """
        ),
        ("statics", "guest_path url_prefix tigris_bucket index_document"),
        ("metrics", "port path https processes"),
        ("restart", "policy retries processes"),
    ]
}
