/// One program that a build runs in a sandbox: code of a project or of its dependencies, which nobody has looked at.
package struct BuildStep: Sendable {
    /// Unpacked layers of the root file system, bottom first; they must stay as they are.
    package var layers: [String]
    /// Empty folder that takes what is written outside the mounts; thrown away afterwards.
    package var upper: String
    /// Empty folder on the same disk for the overlay's own use.
    package var work: String
    /// In this order; places that the layers lack are made.
    package var mounts: [Mount] = []
    /// Program, by its absolute path, and arguments.
    package var command: [String]
    /// All of the program's environment.
    package var environment: [String: String] = [:]
    package var workingDirectory = "/"
    /// `uid:gid`, in numbers.
    package var user: String
    package var memoryMiB = 2048
    /// In cores.
    package var cpus = 2.0
    /// Whether it may reach the outside; the host's own services and the Machines stay closed to it in any case.
    package var network = false

    /// A step without mounts, environment and network.
    package init(layers: [String], upper: String, work: String, command: [String], user: String) {
        self.layers = layers
        self.upper = upper
        self.work = work
        self.command = command
        self.user = user
    }

    /// A file or folder of the host inside the sandbox.
    package struct Mount: Sendable {
        package var source: String
        package var destination: String
        package var readOnly: Bool

        package init(source: String, destination: String, readOnly: Bool = false) {
            self.source = source
            self.destination = destination
            self.readOnly = readOnly
        }
    }
}
