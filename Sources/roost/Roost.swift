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
              ROOST_RUN               The folder of roostd's socket, as roostd
                                      has it (default: /run/roost).
              NO_COLOR, CLICOLOR=0, TERM=dumb
                                      No colours.
              CLICOLOR_FORCE          Colours in a pipe as well.
              COLUMNS                 The width, where the terminal says none.

            Exit codes: 0 done, 1 a fault, 2 wrong usage, 130 Ctrl-C. Results go to standard output, everything else to \
            standard error. `roost --generate-completion-script bash` (zsh, fish) prints completions; `make install` puts \
            them in place.
            """,
        version: "0.1.0",
        subcommands: [
            Launch.self, Deploy.self, Status.self, Logs.self, AppsGroup.self, MachineGroup.self, ConfigGroup.self,
            AuditCommand.self, ExportCommand.self, ImportCommand.self, DoctorCommand.self,
        ]
    )

    /// Exit codes: 0 done, 1 a fault, 2 wrong usage, as on the Unix command line.
    static func main() async {
        // A reader that goes away (`roost logs | head`) is no fault of ours.
        signal(SIGPIPE, SIG_DFL)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let fault as Fault {
            Output.error(fault)
            Foundation.exit(1)
        } catch let usage as UsageError {
            Output.error(Fault(.invalidRequest, usage.message, hint: usage.hint))
            Foundation.exit(2)
        } catch let code as ExitCode {
            Foundation.exit(code.rawValue)
        } catch {
            let message = fullMessage(for: error)
            let code = exitCode(for: error)
            if code.isSuccess { print(message) } else { Output.warn(message) }
            Foundation.exit(code.isSuccess ? 0 : code == .validationFailure ? 2 : 1)
        }
    }
}
