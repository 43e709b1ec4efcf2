import ArgumentParser
import Foundation
import Model

@main
struct Roost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roost",
        abstract: "Your own Fly.io: deploy, run and watch apps on your own hosts.",
        discussion: """
            ENVIRONMENT:
              FLY_APP                 The app, where -a is left out.
              ROOST_HOST              The host: ssh://root@HOST, https://HOST:PORT or
                                      a name of roost context list.
              FLY_API_TOKEN           What opens the API of an https:// host
                                      (also FLY_ACCESS_TOKEN); FLY_API_HOSTNAME or
                                      FLY_FLAPS_BASE_URL name that host as well.
              ROOST_CA                The certificate of that host's authority.
              ROOST_RUN               The folder of roostd's socket, as roostd
                                      has it (default: /run/roost).
              NO_COLOR, CLICOLOR=0, TERM=dumb
                                      No colours.
              CLICOLOR_FORCE          Colours in a pipe as well.
              COLUMNS                 The width, where the terminal says none.

            Exit codes: 0 done, 1 a fault, 2 wrong usage, 130 Ctrl-C; called as fly or flyctl, those of flyctl: 1 a fault or \
            wrong usage, 126 a time limit, 127 Ctrl-C or a no. Results go to standard output, everything else to \
            standard error. `roost --generate-completion-script bash` (zsh, fish) prints completions; `make install` puts \
            them in place.
            """,
        version: "0.1.0",
        subcommands: [
            Launch.self, Deploy.self, Status.self, Logs.self, AppsGroup.self, MachineGroup.self, ConfigGroup.self,
            CertsGroup.self, IPsGroup.self, ServicesGroup.self, ChecksGroup.self, VolumesGroup.self, TokensGroup.self,
            ActivityGroup.self,
            SecretsGroup.self, ReleasesGroup.self, DeploymentsGroup.self, ScaleGroup.self, SSHGroup.self, Console.self,
            Proxy.self, Dig.self, Ping.self, ContextGroup.self, AuthGroup.self,
            AuditCommand.self, ExportCommand.self, ImportCommand.self, DoctorCommand.self, SupportCommand.self,
            MetricsGroup.self, AlertsGroup.self, LogDrainsGroup.self, DiskGroup.self, BackupGroup.self,
            StoreGroup.self, RegionsGroup.self, PlatformGroup.self, FlagsCommand.self,
        ]
    )

    /// Exit codes: 0 done, 1 a fault, 2 wrong usage, as on the Unix command line; ``ExitCodes`` has flyctl's.
    static func main() async {
        // A reader that goes away (`roost logs | head`) is no fault of ours.
        signal(SIGPIPE, SIG_DFL)
        do {
            var command = try parseAsRoot(try withoutFlyFlags(Array(CommandLine.arguments.dropFirst())))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let fault as Fault {
            Output.error(fault)
            Foundation.exit(
                fault.code == .timedOut ? ExitCodes.timedOut : fault.code == .cancelled ? ExitCodes.cancelled : 1
            )
        } catch let usage as UsageError {
            Output.error(Fault(.invalidRequest, usage.message, hint: usage.hint))
            Foundation.exit(ExitCodes.usage)
        } catch let code as ExitCode {
            Foundation.exit(code.rawValue)
        } catch {
            let message = fullMessage(for: error)
            let code = exitCode(for: error)
            if code.isSuccess { print(message) } else { Output.warn(message) }
            Foundation.exit(code.isSuccess ? 0 : code == .validationFailure ? ExitCodes.usage : 1)
        }
    }
}
