extension TOMLAppConfigTests {
    static let worked = """
        app = "demo"
        primary_region = "ams"
        [processes]
          api = "serve --port 3000"
          jobs = "work"
        [http_service]
          internal_port = 3000
          processes = ["api"]
          auto_stop_machines = "suspend"
          [http_service.concurrency]
            type = "requests"
            soft_limit = 50
        [[vm]]
          size = "shared-cpu-2x"
        [[vm]]
          memory = "2gb"
          cpu_kind = "performance"
          cpus = 1
          processes = ["jobs"]
        [checks.live]
          type = "tcp"
          port = 9000
        """

    static let oldForms = """
        app = "old"
        [[env]]
          A = 1
          B = true
        [[env]]
          A = 2
          C = 1e6
          D = 1.0
        [build]
          build_target = "run"
        [experimental]
          kill_timeout = 20.9
          cmd = "serve all"
          entrypoint = ["/bin/tini", "--"]
        [[processes]]
          name = "web"
          command = "serve"
        [[processes]]
          name = "idle"
        [mount]
          source = "data"
          destination = "/data/"
          processes = ["web"]
        [compute]
          memory = 512
        [[computes]]
          memory = "1GiB"
          processes = ["idle"]
        [services]
          internal_port = "8080"
          concurrency = "20,25"
          auto_stop_machines = true
          processes = ["web"]
          [services.ports]
            port = "443"
            handlers = ["tls", "http"]
          [services.tcp_checks]
            interval = 10000
            timeout = ""
          [[services.http_checks]]
            grace_period = 2000.9
            [[services.http_checks.headers]]
              name = "X-Forwarded-Proto"
              value = "https"
            [[services.http_checks.headers]]
              name = "X-N"
              value = 1
        [[checks]]
          name = "live"
          type = "tcp"
          port = 9000
          interval = 30000
          processes = ["web"]
        """

    static let newForms = """
        app = "old"
        kill_timeout = "20s"
        [env]
          A = "2"
          B = "true"
          C = "1e+06"
          D = "1"
        [build]
          build-target = "run"
        [experimental]
          cmd = ["serve all"]
          entrypoint = ["/bin/tini", "--"]
        [processes]
          web = "serve"
          idle = ""
        [[mounts]]
          source = "data"
          destination = "/data"
          processes = ["web"]
        [[vm]]
          memory = "512mb"
        [[vm]]
          memory = "1gb"
          processes = ["idle"]
        [[services]]
          internal_port = 8080
          auto_stop_machines = "stop"
          processes = ["web"]
          [services.concurrency]
            type = "requests"
            soft_limit = 20
            hard_limit = 25
          [[services.ports]]
            port = 443
            handlers = ["tls", "http"]
          [[services.tcp_checks]]
            interval = "10s"
          [[services.http_checks]]
            grace_period = "2s"
            [services.http_checks.headers]
              X-Forwarded-Proto = "https"
              X-N = "1"
        [checks.live]
          type = "tcp"
          port = 9000
          interval = "30s"
          processes = ["web"]
        """

    static let everything = #"""
        app = "notes"
        primary_region = "den9"
        kill_signal = "SIGTERM"
        kill_timeout = 90
        [build]
          dockerfile = "deploy/Dockerfile"
          ignorefile = "deploy/.dockerignore"
          build-target = "run"
          [build.args]
            VERSION = "1"
        [env]
          LOG_LEVEL = "debug"
          PORT = 8000
          PRIMARY_REGION = "overwritten"
        [deploy]
          strategy = "rolling"
          release_command = "python manage.py 'migrate it' && $HOME # at last"
          release_command_timeout = "0"
          wait_timeout = "2m"
          max_unavailable = 1
          [deploy.release_command_vm]
            size = "shared-cpu-2x"
            memory = "1gb"
        [processes]
          web = "uvicorn main:app --port 8000"
          jobs = "python jobs.py"
        [http_service]
          internal_port = 8000.0
          force_https = true
          auto_stop_machines = "suspend"
          auto_start_machines = true
          min_machines_running = 1
          hostnames = ["notes.example.com", "WWW.example.com", "notes.example.com"]
          processes = ["web"]
          [http_service.concurrency]
            type = "requests"
            hard_limit = 10
          [[http_service.checks]]
            interval = "10s"
            timeout = "5s"
            grace_period = "0s"
            method = "GET"
            path = "/health"
            protocol = "http"
            headers = { X-Forwarded-Proto = "https" }
        [[services]]
          protocol = "tcp"
          internal_port = 5432
          processes = ["web", "jobs"]
          [[services.ports]]
            port = 5432
        [checks.live]
          type = "http"
          interval = "2s"
          timeout = "1m"
          method = "head"
          path = "/live?full=1"
          processes = ["web"]
        [[mounts]]
          source = "data"
          destination = "//data/"
          initial_size = "20GiB"
          processes = ["web"]
        [[vm]]
          size = "shared-cpu-2x"
          memory = "512"
          processes = ["web"]
        [[vm]]
          memory = "512mb"
          memory_mb = 768
          persist_rootfs = "never"
          processes = ["web"]
        [[vm]]
        [[restart]]
          policy = "always"
          processes = ["web"]
        [[restart]]
          policy = "never"
          retries = 3
          processes = ["jobs", "web"]
        """#
}
