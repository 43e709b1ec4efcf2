extension Machine {
    /// The group of a Machine that runs the release command, and of no other.
    package static let releaseCommandGroup = "fly_app_release_command"
    /// The group of a Machine that lives for one console.
    package static let consoleGroup = "fly_app_console"
    /// The group of a Machine that tests another one: `[[machine_checks]]`.
    package static let testGroup = "fly_app_test_machine_command"
    /// Machines of these run one command and go: no deploy changes or counts them.
    package static let passingGroups: Set<String> = [releaseCommandGroup, consoleGroup, testGroup]
}
