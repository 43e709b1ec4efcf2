import Foundation

/// The distribution's PostgreSQL in a network namespace of its own, which Machines reach as they reach any outside host.
struct Postgres {
    let url: String
    private let name: String
    private let folder: String
    private let pid: Int32

    /// Runs `body` with a fresh server, and takes it away afterwards.
    static func with(_ body: (Postgres) async throws -> Void) async throws {
        let server = try await Postgres()
        do {
            try await body(server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private init() async throws {
        let number = Int.random(in: 0..<4096)
        name = "rtpg\(number)"
        folder = "/tmp/\(name)"
        // A block for documentation and tests: RFC 5737 has nothing large enough, so one of RFC 2544's.
        let base = number % 64 * 4
        let (near, far) = ("198.18.\(number / 64).\(base + 1)", "198.18.\(number / 64).\(base + 2)")
        try await Shell.line(
            """
            ip netns add \(name) && ip link add \(name) type veth peer name eth0 netns \(name)
            ip addr add \(near)/30 dev \(name) && ip link set \(name) up
            ip -n \(name) addr add \(far)/30 dev eth0 && ip -n \(name) link set eth0 up && ip -n \(name) link set lo up
            ip -n \(name) route add default via \(near)
            mkdir -p \(folder) && chown postgres \(folder)
            runuser -u postgres -- /usr/lib/postgresql/15/bin/initdb -D \(folder)/data -U notes --auth=trust >/dev/null
            echo 'host all all 198.18.0.0/15 trust' >>\(folder)/data/pg_hba.conf
            echo 'host all all 10.0.0.0/8 trust' >>\(folder)/data/pg_hba.conf
            """
        )
        pid = try Background.start(
            "/usr/sbin/ip",
            [
                "netns", "exec", name, "/usr/sbin/runuser", "-u", "postgres", "--",
                "/usr/lib/postgresql/15/bin/postgres", "-D", "\(folder)/data", "-c", "listen_addresses=\(far)",
                "-c", "unix_socket_directories=\(folder)", "-c", "fsync=off",
            ],
            output: "\(folder)/log"
        )
        url = "postgresql://notes@\(far)/postgres"
        let probe = "ip netns exec \(name) /usr/lib/postgresql/15/bin/pg_isready -q -h \(far)"
        try await eventually("PostgreSQL answers") { try await Shell.run("/bin/bash", ["-c", probe]).code == 0 }
    }

    private func stop() async {
        let file = "\(folder)/data/postmaster.pid"
        if let text = try? String(contentsOfFile: file, encoding: .utf8),
            let server = Int32(text.prefix { $0 != "\n" })
        {
            kill(server, SIGQUIT)
        }
        try? await eventually("PostgreSQL is gone") { Background.hasEnded(pid) }
        _ = try? await Shell.line("ip netns del \(name); ip link del \(name) 2>/dev/null; rm -rf \(folder)")
    }
}
