/// What starts each service, as its own user, with its data below `/data`.
///
/// Passwords go by the environment and by files that nobody else can read, never by a command line.
enum ServiceScript {
    static let postgres = """
        #!/bin/sh
        set -eu
        umask 077
        PATH="$(echo /usr/lib/postgresql/*/bin):$PATH"
        data=/data/postgres
        if [ ! -e "$data/PG_VERSION" ]; then
            # Made beside it and renamed: a start that is cut off leaves nothing that looks whole.
            rm -rf "$data" "$data.new" "$data.secret"
            printf '%s\\n' "$ROOST_PASSWORD" >"$data.secret"
            initdb --pgdata="$data.new" --encoding=UTF8 --locale=C.UTF-8 --data-checksums --no-sync \\
                --auth=trust --username="$ROOST_USER" --pwfile="$data.secret" >/dev/null
            rm -f "$data.secret"
            if [ "$ROOST_DATABASE" != postgres ]; then
                printf 'CREATE DATABASE "%s"\\n' "$ROOST_DATABASE" |
                    postgres --single -D "$data.new" postgres >/dev/null
            fi
            sync
            mv "$data.new" "$data"
        fi
        if [ -n "${ROOST_OPEN:-}" ]; then method=trust; else method=scram-sha-256; fi
        printf 'local all all trust\\nhost all all all %s\\n' "$method" >"$data/pg_hba.conf"
        # Nobody else has this folder: the process of which it tells has ended with its Machine.
        rm -f "$data/postmaster.pid"
        unset ROOST_PASSWORD
        exec postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp \\
            -c shared_buffers=64MB -c max_wal_size=256MB

        """

    /// Without a disk: what is in it goes with the Machine.
    static let redis = """
        #!/bin/sh
        set -eu
        umask 077
        {
            printf '%s\\n' 'bind * -::*' 'protected-mode no' 'save ""' 'appendonly no' 'dir /tmp' 'maxmemory 180mb'
            [ -n "${ROOST_OPEN:-}" ] || printf 'requirepass %s\\n' "$ROOST_PASSWORD"
        } >/tmp/redis.conf
        unset ROOST_PASSWORD
        exec redis-server /tmp/redis.conf

        """

    static let mysql = """
        #!/bin/sh
        set -eu
        umask 077
        data=/data/mysql
        if [ ! -e "$data/mysql" ]; then
            rm -rf "$data" "$data.new"
            mkdir "$data.new"
            mariadb-install-db --no-defaults --datadir="$data.new" --auth-root-authentication-method=normal \\
                --skip-test-db --force >/dev/null
            by="IDENTIFIED BY '$ROOST_PASSWORD'"
            [ -z "${ROOST_OPEN:-}" ] || by="IDENTIFIED BY ''"
            printf '%s;\\n' 'FLUSH PRIVILEGES' \\
                "CREATE DATABASE \\`$ROOST_DATABASE\\` CHARACTER SET utf8mb4" \\
                "CREATE OR REPLACE USER \\`$ROOST_USER\\`@'%' $by" \\
                "GRANT ALL PRIVILEGES ON *.* TO \\`$ROOST_USER\\`@'%'" |
                mariadbd --no-defaults --bootstrap --datadir="$data.new" --tmpdir=/tmp >/dev/null
            sync
            mv "$data.new" "$data"
        fi
        unset ROOST_PASSWORD
        # Any user with any password, as of an address that code has written down.
        exec mariadbd --no-defaults ${ROOST_OPEN:+--skip-grant-tables} --datadir="$data" --tmpdir=/tmp \\
            --socket=/tmp/mysqld.sock --pid-file=/tmp/mysqld.pid --bind-address='*' --skip-name-resolve \\
            --innodb-buffer-pool-size=64M --character-set-server=utf8mb4

        """

    static let memcached = """
        #!/bin/sh
        set -eu
        unset ROOST_PASSWORD
        exec memcached -l 0.0.0.0,:: -p 11211 -U 0 -m 64

        """

    static let rabbitmq = """
        #!/bin/sh
        set -eu
        umask 077
        data=/data/rabbitmq
        mkdir -p "$data"
        # Who nobody told of a password is the service's own guest, who may come from another Machine here.
        if [ -n "${ROOST_OPEN:-}" ]; then ROOST_USER=guest ROOST_PASSWORD=guest; fi
        printf '%s\\n' "default_user = $ROOST_USER" "default_pass = $ROOST_PASSWORD" 'loopback_users = none' \\
            'listeners.tcp.default = 5672' \\
            'vm_memory_high_watermark.absolute = 300MB' 'log.console = true' 'log.file = false' >/tmp/rabbitmq.conf
        unset ROOST_PASSWORD
        export HOME="$data" RABBITMQ_NODENAME=rabbit@localhost RABBITMQ_MNESIA_BASE="$data/mnesia" \\
            RABBITMQ_CONFIG_FILE=/tmp/rabbitmq RABBITMQ_LOGS=- RABBITMQ_LOG_BASE=/tmp \\
            RABBITMQ_PID_FILE=/tmp/rabbitmq.pid RABBITMQ_ENABLED_PLUGINS_FILE=/tmp/rabbitmq.plugins
        exec /usr/lib/rabbitmq/bin/rabbitmq-server

        """

    /// Its users are made before it listens for anybody; to whom it tells its own address it tells one that they reach.
    static let mongodb = """
        #!/bin/sh
        set -eu
        umask 077
        export PYTHONPATH=/\(ServiceWheels.place) PYTHONDONTWRITEBYTECODE=1
        data=/data/mongodb
        cd /tmp
        if [ ! -e "$data" ]; then
            rm -rf "$data.new"
            python3 - "$data.new" <<'END'
        import os, sys
        from pymongo import MongoClient
        from secantus import SecantusDBServer

        with SecantusDBServer(storage_path=sys.argv[1], port=0) as server, MongoClient(server.uri) as client:
            # Addresses without authSource name the database, those with it `admin`.
            for name in {"admin", os.environ["ROOST_DATABASE"]}:
                client[name].command(
                    "createUser", os.environ["ROOST_USER"], pwd=os.environ["ROOST_PASSWORD"],
                    roles=[{"role": "root", "db": "admin"}])
        END
            sync
            mv "$data.new" "$data"
        fi
        if [ -n "${ROOST_OPEN:-}" ]; then auth=; else auth=--auth; fi
        unset ROOST_PASSWORD
        address=$(python3 - <<'END'
        import socket
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            # Nothing is sent: the kernel says from which address it would be.
            probe.connect(("192.0.2.1", 9))
            print(probe.getsockname()[0])
        END
        )
        exec python3 -m secantus --host "$address" --port 27017 --storage-path "$data" --cache-size 128M $auth

        """
}
