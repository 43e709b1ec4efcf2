import ArgumentParser
import Model
import Scaffold

/// What to try an app out with.
struct TryoutOption: ParsableArguments {
    @Option(
        name: .customLong("with"),
        help: ArgumentHelp(
            """
            Throw-away services for trying out: postgres, redis, mysql, memcached, rabbitmq, mongodb, several with commas; \
            or auto for those that the project needs, compose for those of its Compose file.
            """,
            valueName: "services"
        )
    )
    var text: String?

    func validate() throws {
        do {
            _ = try selection()
        } catch {
            throw ValidationError("\(error)")
        }
    }

    /// Nil when none are wanted.
    func selection() throws(Fault) -> TryoutSelection? {
        guard let text else { return nil }
        return try TryoutSelection(text)
    }
}
