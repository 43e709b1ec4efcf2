import Model

extension Endpoints {
    private static let root = "/v1/apps/{app}/machines"
    private static let one = "/v1/apps/{app}/machines/{id}"

    static let machines = [
        Endpoint("GET \(root)", .appRead, "Machines_list", "The app's Machines; metadata.KEY=VALUE filters, too.")
            .query("include_deleted:boolean", "region", "state", "summary:boolean", "include_leases:boolean")
            .answers("[Machine]"),
        Endpoint("POST \(root)", .appWrite, "Machines_create", "Make a Machine, and start it unless skip_launch.")
            .body("CreateMachine").answers("Machine").keyed(),
        Endpoint("GET \(one)", .machineRead, "Machines_show", "One Machine, also for an hour after its end.")
            .answers("Machine"),
        Endpoint("POST \(one)", .appWrite, "Machines_update", "Replace a Machine's configuration.")
            .body("UpdateMachine").answers("Machine").leased(),
        Endpoint("DELETE \(one)", .appWrite, "Machines_delete", "Destroy a Machine; its volume stays.")
            .query("force:boolean", "kill:boolean").answers("Ok").leased(),
        Endpoint("POST \(one)/start", .appWrite, "Machines_start", "Start a Machine.").answers("Started").leased(),
        Endpoint("POST \(one)/stop", .appWrite, "Machines_stop", "Stop a Machine.").body("StopMachine")
            .answers("Ok").leased(),
        Endpoint("POST \(one)/restart", .appWrite, "Machines_restart", "Stop a Machine and start it again.")
            .query("force_stop:boolean", "timeout", "signal").answers("Ok").leased(),
        Endpoint("POST \(one)/suspend", .appWrite, "Machines_suspend", "Freeze a Machine until it is started.")
            .answers("Ok").leased(),
        Endpoint("POST \(one)/signal", .appWrite, "Machines_signal", "Send a signal to the Machine's program.")
            .body("Signal").answers("Ok"),
        Endpoint("POST \(one)/cordon", .appWrite, "Machines_cordon", "Send no new requests to a Machine.")
            .answers("Ok").leased(),
        Endpoint("POST \(one)/uncordon", .appWrite, "Machines_uncordon", "Send requests to it again.")
            .answers("Ok").leased(),
        Endpoint("GET \(one)/wait", .machineRead, "Machines_wait", "Wait until a Machine is in a state.")
            .query("state", "timeout:integer", "version", "instance_id", "from_event_id").answers("Waited"),
        Endpoint("POST \(one)/exec", .machineExec, "Machines_exec", "Run a command in a Machine.")
            .body("Command").answers("Outcome"),
        Endpoint("GET \(one)/look", .appRead, "Machines_look", "Where a Machine listens and how it answers.")
            .query("port:integer", "path").answers("Document"),
    ]

    static let machineParts = [
        Endpoint("GET \(one)/ps", .machineRead, "Machines_list_processes", "The processes of a Machine.")
            .query("sort_by", "order").answers("[Process]"),
        Endpoint("GET \(one)/memory", .machineRead, "Machines_get_memory", "The memory of a Machine, in MiB.")
            .answers("Memory"),
        Endpoint("GET \(one)/events", .machineRead, "Machines_list_events", "What happened to a Machine, newest first.")
            .query("limit:integer").answers("[Event]"),
        Endpoint("GET \(one)/versions", .appRead, "Machines_list_versions", "Its configurations, newest first.")
            .answers("[Version]"),
        Endpoint("GET \(one)/lease", .appRead, "Machines_show_lease", "Who holds a Machine's lease.")
            .answers("LeaseAnswer"),
        Endpoint("POST \(one)/lease", .appWrite, "Machines_create_lease", "Take a lease, or hold it for longer.")
            .query("ttl:integer").body("CreateLease").answers("LeaseAnswer", 201).leased(),
        Endpoint("DELETE \(one)/lease", .appWrite, "Machines_release_lease", "Let go of a lease.")
            .answers("LeaseAnswer").leased(),
        Endpoint("GET \(one)/metadata", .appRead, "Machines_show_metadata", "A Machine's metadata.")
            .answers("Metadata"),
        Endpoint("PUT \(one)/metadata", .appWrite, "Machines_set_metadata", "Replace it.")
            .body("ChangeMetadata").answers(nil, 204),
        Endpoint("PATCH \(one)/metadata", .appWrite, "Machines_patch_metadata", "Change some of it; null removes.")
            .body("ChangeMetadata").answers(nil, 204),
        Endpoint("GET \(one)/metadata/{key}", .appRead, "Machines_get_metadata_key", "One value.")
            .answers("MetadataValue"),
        Endpoint("POST \(one)/metadata/{key}", .appWrite, "Machines_update_metadata", "Set one value.")
            .body("MetadataValue").answers(nil, 204),
        Endpoint("DELETE \(one)/metadata/{key}", .appWrite, "Machines_delete_metadata", "Remove one value.")
            .answers(nil, 204),
    ]

    static let volumes = [
        Endpoint("GET /v1/apps/{app}/volumes", .appRead, "Volumes_list", "The app's volumes.")
            .query("summary:boolean").answers("[Volume]"),
        Endpoint("POST /v1/apps/{app}/volumes", .appWrite, "Volumes_create", "Make a volume.")
            .body("CreateVolume").answers("Volume").keyed(),
        Endpoint("GET /v1/apps/{app}/volumes/{volume}", .appRead, "Volumes_get_by_id", "One volume.")
            .answers("Volume"),
        Endpoint("PUT /v1/apps/{app}/volumes/{volume}", .appWrite, "Volumes_update", "Change how it is kept.")
            .body("UpdateVolume").answers("Volume"),
        Endpoint(
            "POST /v1/apps/{app}/volumes/{volume}",
            .appWrite,
            "Volumes_update_post",
            "The same, older clients' way."
        )
        .body("UpdateVolume").answers("Volume"),
        Endpoint("DELETE /v1/apps/{app}/volumes/{volume}", .appWrite, "Volumes_delete", "Destroy it, after 24 hours.")
            .answers("Volume"),
        Endpoint("PUT /v1/apps/{app}/volumes/{volume}/extend", .appWrite, "Volumes_extend", "Make it larger.")
            .body("ExtendVolume").answers("ExtendedVolume"),
        Endpoint("POST /v1/apps/{app}/volumes/{volume}/restore", .appWrite, "Volumes_restore", "Have it back.")
            .answers("Volume"),
        Endpoint("GET /v1/apps/{app}/volumes/{volume}/snapshots", .appRead, "Volumes_list_snapshots", "Its snapshots.")
            .answers("[Snapshot]"),
        Endpoint("POST /v1/apps/{app}/volumes/{volume}/snapshots", .appWrite, "Volumes_create_snapshot", "Take one.")
            .answers("Snapshot"),
    ]
}
