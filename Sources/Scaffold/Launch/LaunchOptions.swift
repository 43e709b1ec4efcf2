/// What the user may say about a launch.
package struct LaunchOptions: Sendable {
    package var profile = FlyProfile.production
    /// The app's name; by default the facts' own.
    package var name: String?
    package var region: String?
    /// The port to listen on, instead of the one that was found.
    package var port: Int?
    /// Why the project's own Dockerfile can't be built on the server, where the project can do without; nil keeps it.
    package var withoutDockerfile: String?
    /// What the start of that Dockerfile's image does, where it is done without.
    var startScript: StartScript?
    /// The app is given a database as it wants one, by a throw-away or by whoever launches it.
    package var hasDatabase = false
    /// Without the sign of a comment: ``Stamp/text(version:facts:)``.
    package var stamp = Stamp.prefix

    package init() {}
}
