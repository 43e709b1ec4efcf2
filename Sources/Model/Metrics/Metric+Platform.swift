/// What the platform tells of itself.
///
/// > Source: `observability`, section 4.1, for the names that alerts use.
extension Metric {
    private static let place = ["region", "host"]
    private static let app = ["app", "region", "host"]

    /// All that `serve` tells of itself and its apps.
    package static let platform = [
        machines, appMachines, restarts, outOfMemory, wakes, wakeSeconds, rollouts, rolloutSteps, rolloutStepSeconds,
        builds, buildSeconds, certificateEnd, certificateFailures, scrapeUp, scrapeSeconds, scrapeSamples, dropped,
        drainLines,
    ]

    /// All that is told of the host.
    package static let host = [
        storeSeconds, storeRevision, hostMemory, hostMemoryFree, hostBytes, hostBytesFree, hostFiles, hostFilesFree,
        purposeBytes, apps, backupGood, backupTest, backupPace,
        info,
    ]

    /// The number `roost_machines`.
    package static let machines = Metric("roost_machines", .gauge, app + ["state"], "Machines, by state.")
    /// The number `roost_log_drain_lines_total`.
    package static let drainLines = Metric(
        "roost_log_drain_lines_total",
        .counter,
        place + ["drain", "outcome"],
        "Lines of apps' logs: sent, refused by their receiver, or dropped because it did not answer in time."
    )
    /// The number `roost_app_machines`.
    package static let appMachines = Metric(
        "roost_app_machines",
        .gauge,
        app + ["state"],
        "Machines that should run (wanted), and of them those that take requests (healthy)."
    )
    /// The number `roost_machine_restarts_total`.
    package static let restarts = Metric(
        "roost_machine_restarts_total",
        .counter,
        app + ["cause"],
        "Machines started again because their program had ended: with an error, without one, for want of memory."
    )
    /// The number `roost_machine_oom_total`.
    package static let outOfMemory = Metric(
        "roost_machine_oom_total",
        .counter,
        app,
        "Ends of Machines for want of memory."
    )
    /// The number `roost_wakes_total`.
    package static let wakes = Metric(
        "roost_wakes_total",
        .counter,
        app + ["result"],
        "Sleeping Machines that were started for a request: ok or failed."
    )
    /// The number `roost_wake_seconds`.
    package static let wakeSeconds = Metric(
        "roost_wake_seconds",
        .histogram,
        app,
        "What that took, until the Machine's program was started."
    )
    /// The number `roost_rollouts_total`.
    package static let rollouts = Metric("roost_rollouts_total", .counter, app + ["result"], "Roll-outs, by their end.")
    /// The number `roost_rollout_steps_total`.
    package static let rolloutSteps = Metric(
        "roost_rollout_steps_total",
        .counter,
        app,
        "Steps of roll-outs that were done."
    )
    /// The number `roost_rollout_step_seconds`.
    package static let rolloutStepSeconds = Metric(
        "roost_rollout_step_seconds",
        .histogram,
        app,
        "What steps of roll-outs took."
    )
    /// The number `roost_builds_total`.
    package static let builds = Metric("roost_builds_total", .counter, app + ["result"], "Builds: ok or failed.")
    /// The number `roost_build_seconds`.
    package static let buildSeconds = Metric("roost_build_seconds", .histogram, app, "What builds took.")
    /// The number `roost_edge_certificate_not_after_timestamp_seconds`.
    package static let certificateEnd = Metric(
        "roost_edge_certificate_not_after_timestamp_seconds",
        .gauge,
        app + ["name"],
        "When the certificate of a host name ends; the name is one that an app owns."
    )
    /// The number `roost_edge_acme_failures_total`.
    package static let certificateFailures = Metric(
        "roost_edge_acme_failures_total",
        .counter,
        app,
        "Tries to get a certificate that failed."
    )
    /// The number `roost_scrape_up`.
    package static let scrapeUp = Metric(
        "roost_scrape_up",
        .gauge,
        app + ["instance"],
        "1 when the Machine's own metrics could be read."
    )
    /// The number `roost_scrape_duration_seconds`.
    package static let scrapeSeconds = Metric(
        "roost_scrape_duration_seconds",
        .gauge,
        app + ["instance"],
        "What reading them took."
    )
    /// The number `roost_scrape_samples`.
    package static let scrapeSamples = Metric(
        "roost_scrape_samples",
        .gauge,
        app + ["instance"],
        "How many of them are passed on."
    )
    /// The number `roost_metrics_dropped_total`.
    package static let dropped = Metric(
        "roost_metrics_dropped_total",
        .counter,
        app,
        "Numbers that an app had beyond what it may have, or under a name that is not its own."
    )

    /// The number `roost_store_operation_seconds`.
    package static let storeSeconds = Metric(
        "roost_store_operation_seconds",
        .histogram,
        place + ["operation"],
        "What the store took to read or write."
    )
    /// The number `roost_store_revision`.
    package static let storeRevision = Metric("roost_store_revision", .gauge, place, "Changes of the store so far.")
    /// The number `roost_host_memory_bytes`.
    package static let hostMemory = Metric("roost_host_memory_bytes", .gauge, place, "The host's memory.")
    /// The number `roost_host_memory_available_bytes`.
    package static let hostMemoryFree = Metric(
        "roost_host_memory_available_bytes",
        .gauge,
        place,
        "What more programs could have of it."
    )
    private static let hostDisk = place + ["purpose"]
    /// The number `roost_host_filesystem_size_bytes`.
    package static let hostBytes = Metric(
        "roost_host_filesystem_size_bytes",
        .gauge,
        hostDisk,
        "The size of the file system that holds Roost's state, or what runs."
    )
    /// The number `roost_host_filesystem_avail_bytes`.
    package static let hostBytesFree = Metric(
        "roost_host_filesystem_avail_bytes",
        .gauge,
        hostDisk,
        "What is left of it."
    )
    /// The number `roost_host_filesystem_files`.
    package static let hostFiles = Metric(
        "roost_host_filesystem_files",
        .gauge,
        hostDisk,
        "Files that it can hold; absent where it has no such limit."
    )
    /// The number `roost_host_filesystem_files_free`.
    package static let hostFilesFree = Metric(
        "roost_host_filesystem_files_free",
        .gauge,
        hostDisk,
        "Files that it can still take."
    )
    /// The number `roost_disk_bytes`.
    package static let purposeBytes = Metric(
        "roost_disk_bytes",
        .gauge,
        place + ["purpose"],
        "What Roost's folders take on the disk, by purpose; counted anew each few minutes."
    )
    /// The number `roost_apps`.
    package static let apps = Metric("roost_apps", .gauge, place, "Apps of this host.")
    /// The number `roost_backup_last_success_timestamp_seconds`.
    package static let backupGood = Metric(
        "roost_backup_last_success_timestamp_seconds",
        .gauge,
        place,
        "When the last good backup was made, 0 before the first; absent where `roost backup init` was never run."
    )
    /// The number `roost_backup_restore_test_timestamp_seconds`.
    package static let backupTest = Metric(
        "roost_backup_restore_test_timestamp_seconds",
        .gauge,
        place,
        "When a backup was last restored and found whole by `roost backup verify`, 0 before the first."
    )
    /// The number `roost_backup_interval_seconds`.
    package static let backupPace = Metric(
        "roost_backup_interval_seconds",
        .gauge,
        place,
        "How often a backup is made; absent where none is made by the clock."
    )
    /// The number `roost_build_info`.
    package static let info = Metric("roost_build_info", .gauge, place + ["version"], "1; the version is in its label.")
}
