/// Since which versions the servers take the options that we write: an older one would end with "no such option".
///
/// > Source: the option tables of the packages on PyPI, read version by version: `uvicorn/main.py` of 0.8.4 to 0.35.0,
/// > `hypercorn/__main__.py` of 0.5.0 to 0.16.0, `granian/cli.py` of 1.3.2 to 2.2.0, `gunicorn/config.py` of 19.9.0 to 23.0.0.
enum ServerOptions {
    /// Whether the project's version of its server takes an option; what is in no row is in all versions.
    static func takes(_ option: String, _ server: Facts.Server?) -> Bool {
        guard let server, let row = table.first(where: { $0.option == option && $0.servers.contains(server.name) }),
            let version = server.version.flatMap({ PackageVersion($0) })
        else { return true }
        return version.has(row.since)
    }

    // MARK: - Private

    private static let uvicorn: Set<Facts.Server.Name> = [.uvicorn, .fastapiCLI, .own]

    private static let table: [(servers: Set<Facts.Server.Name>, option: String, since: [Int])] = [
        (uvicorn, "--no-access-log", [0, 9]),
        (uvicorn, "--no-server-header", [0, 15]),
        ([.hypercorn], "--graceful-timeout", [0, 10]),
        ([.granian], "--workers-kill-timeout", [2, 0]),
    ]
}
