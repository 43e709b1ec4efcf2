extension TOMLAppConfigTests {
    /// Every key that Fly has, nearly each with a value that is not its default, and Roost's own keys.
    static let complete = #"""
        app = "complete"
        primary_region = "fra"
        kill_signal = "SIGQUIT"
        kill_timeout = "30s"
        swap_size_mb = 512
        console_command = "/app/bin/console 'a b'"
        host_dedication_id = "dedicated-1"
        machine_config = '{ "containers": [] }'
        container = "main"

        [experimental]
          cmd = ["serve"]
          entrypoint = ["/tini", "--"]
          exec = ["/bin/app"]
          auto_rollback = true
          enable_consul = true
          enable_etcd = false
          lazy_load_images = true
          machine_config = "machine.json"
          kill_timeout = 9
          metrics_port = 9092
          metrics_path = "/old"
          [experimental.attached.secrets.export]
            DATABASE_URL = "PRIMARY_URL"

        [build]
          image = "nginx:1"
          dockerfile = "Dockerfile.web"
          ignorefile = ".dockerignore.web"
          build-target = "run"
          builder = "heroku/builder:24"
          buildpacks = ["heroku/nodejs", "heroku/procfile"]
          builtin = "node"
          compression = "zstd"
          compression_level = 3
          [build.args]
            MODE = "release"
            EMPTY = ""
          [build.settings]
            port = 3000
            ratio = 0.5
            flags = [true, "a"]
          [build.compose]
            file = "compose.yaml"

        [deploy]
          strategy = "rolling"
          max_unavailable = 0.5
          max_machines = 3
          rollback = false
          canary_weight = "5%"
          canary_duration = "2m"
          wait_timeout = "10m"
          stay_up = "20s"
          release_command = "bin/migrate --all"
          release_command_timeout = "15m"
          seed_command = "bin/seed"
          [deploy.release_command_vm]
            size = "performance-1x"
            memory = "4gb"
            kernel_args = "quiet"

        [env]
          LOG = "debug"
          # The two dots and the quotes have to survive every format.
          ODD = "yes: \"no\" # off\n\tné \u0001"

        [processes]
          app = "serve --port 8080"
          jobs = "work 'all day' \"it's\""
          idle = ""

        [[mounts]]
          source = "data"
          destination = "/data"
          initial_size = "20gb"
          snapshot_retention = 14
          scheduled_snapshots = false
          auto_extend_size_threshold = 80
          auto_extend_size_increment = "5GB"
          auto_extend_size_limit = "100GB"
          processes = ["app"]

        [http_service]
          internal_port = 8081
          force_https = true
          auto_stop_machines = "stop"
          auto_start_machines = false
          min_machines_running = 2
          processes = ["app"]
          hostnames = ["notes.example.com"]
          [http_service.concurrency]
            type = "requests"
            soft_limit = 200
            hard_limit = 250
          [http_service.rate_limit]
            requests = 20
            per = "10s"
            burst = 40
            key = "header:X-API-Key"
            exempt = ["/health", "/ready"]
          [http_service.tls_options]
            alpn = ["h2", "http/1.1"]
            versions = ["TLSv1.3"]
            default_self_signed = true
          [http_service.http_options]
            compress = true
            idle_timeout = 600
            headers_read_timeout = 10
            h2_backend = true
            security_headers = "strict"
            [http_service.http_options.response]
              pristine = true
              [http_service.http_options.response.headers]
                Server = false
                X-One = "1"
                X-Many = ["1", "2"]
            [[http_service.http_options.replay_cache]]
              path_prefix = "/app"
              ttl_seconds = 60
              type = "cookie"
              name = "session"
              allow_bypass = true
          [[http_service.checks]]
            interval = "20s"
            timeout = "4s"
            grace_period = "8s"
            method = "HEAD"
            path = "/health"
            protocol = "https"
            tls_skip_verify = true
            tls_server_name = "notes.example.com"
            on_failure = "restart"
            [http_service.checks.headers]
              X-Forwarded-Proto = "https"
          [[http_service.machine_checks]]
            command = ["curl", "--fail", "http://app"]
            image = "curlimages/curl"
            entrypoint = ["/bin/sh"]
            kill_signal = "SIGKILL"
            kill_timeout = "5s"

        [[services]]
          protocol = "tcp"
          internal_port = 5432
          auto_stop_machines = "suspend"
          auto_start_machines = false
          min_machines_running = 1
          processes = ["jobs"]
          [services.concurrency]
            type = "connections"
            soft_limit = 5
          [[services.ports]]
            port = 5432
            handlers = ["pg_tls"]
            [services.ports.tls_options]
              alpn = ["postgresql"]
            [services.ports.proxy_proto_options]
              version = "v2"
          [[services.ports]]
            port = 80
            handlers = ["http"]
            force_https = true
            [services.ports.http_options]
              compress = false
          [[services.ports]]
            start_port = 10000
            end_port = 10100
          [[services.tcp_checks]]
            interval = "25s"
            timeout = "3s"
            grace_period = "5s"
          [[services.http_checks]]
            interval = "26s"
            path = "/ok"
            tls_server_name = "b"
          [[services.machine_checks]]
            command = ["true"]

        [[services]]
          protocol = "udp"
          internal_port = 53
          processes = ["jobs"]
          [[services.ports]]
            port = 53

        [checks.live]
          type = "http"
          port = 9000
          interval = "30s"
          timeout = "9s"
          grace_period = "2m"
          method = "post"
          path = "/live"
          protocol = "https"
          tls_skip_verify = true
          tls_server_name = "live"
          processes = ["app", "jobs"]
          [checks.live.headers]
            X-Check = "1"

        [[machine_checks]]
          command = ["bin/test"]

        [[files]]
          guest_path = "/etc/a.conf"
          local_path = "conf/a.conf"
          processes = ["app"]
        [[files]]
          guest_path = "/etc/b.conf"
          secret_name = "B_CONF"
        [[files]]
          guest_path = "/etc/c.conf"
          raw_value = "aGVsbG8="

        [[vm]]
          size = "shared-cpu-2x"
          memory = "1gb"
          max_memory_mb = 4096
          host_dedication_id = "dedicated-2"
          persist_rootfs = "restart"
          kernel_args = ["quiet", "a=b"]
          processes = ["app"]
        [[vm]]
          memory_mb = 4096
          cpus = 2
          cpu_kind = "performance"
        [[vm]]
          gpus = 1
          gpu_kind = "a10"
          processes = ["idle"]

        [[statics]]
          guest_path = "/app/public"
          url_prefix = "/static"
        [[statics]]
          guest_path = "site"
          url_prefix = "/"
          tigris_bucket = "bucket"
          index_document = "index.html"

        [[metrics]]
          port = 9091
          path = "/metrics"
          https = true
          processes = ["app"]

        [[restart]]
          policy = "always"
          retries = 3
          processes = ["jobs"]
        """#
}
