import ArgumentParser
import Foundation
import Logging
import Model
import Toolkit

@main
struct Roostd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roostd",
        abstract: "The daemon of a Roost host.",
        discussion: """
            ENVIRONMENT:
              ROOST_CONFIG            The host's configuration
                                      (default: /etc/roost/roost.toml).
              ROOST_STATE             What outlives a restart
                                      (default: /var/lib/roost).
              ROOST_RUN               Sockets and what runs (default: /run/roost).
              ROOST_LOG               trace, debug, info, notice, warning, error.
              HTTP_PROXY, HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE,
              UV_INDEX_URL, UV_DEFAULT_INDEX
                                      Handed on to builds.
            """,
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, EdgeCommand.self, ListenCommand.self, DoctorReport.self, SupportCommand.self,
            StoreCommand.self, BackupCommand.self,
            Teardown.self,
        ]
    )

    static func main() async {
        // A client that goes away in the middle of an answer must not end the daemon.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let fault as Fault {
            FileHandle.standardError.write(Data("Error: \(fault)\n".utf8))
            Foundation.exit(1)
        } catch {
            exit(withError: error)
        }
    }

    /// A logger of one role, at the level that the configuration names.
    static func logger(_ role: String, _ config: HostConfig) throws(Fault) -> Logger {
        guard let level = Logger.Level(rawValue: config.logLevel) else {
            let all = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw Fault(.invalidConfig, "\"\(config.logLevel)\" is no log level", hint: "one of \(all)")
        }
        var logger = Logger(label: role) { LineLogHandler(label: $0) }
        logger.logLevel = level
        return logger
    }

    /// For libraries, whose `debug` lines print whole configurations.
    static func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .notice)
        return quiet
    }
}
