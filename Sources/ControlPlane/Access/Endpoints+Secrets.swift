import Model

extension Endpoints {
    static let secrets = [
        Endpoint("GET /v1/apps/{app}/secrets", .appRead, "Secrets_list", "Names and digests of the app's secrets.")
            .query("version:integer", "min_version:integer", "show_secrets:boolean").answers("Document"),
        Endpoint("POST /v1/apps/{app}/secrets", .appWrite, "Secrets_update", "Set secrets; null removes.")
            .body("Document").answers("Document"),
        Endpoint("GET /v1/apps/{app}/secrets/{name}", .appRead, "Secret_get", "One secret's name and digest.")
            .answers("Document"),
        Endpoint("POST /v1/apps/{app}/secrets/{name}", .appWrite, "Secret_create", "Set one secret.")
            .body("Document").answers("Document", 201),
        Endpoint("DELETE /v1/apps/{app}/secrets/{name}", .appWrite, "Secret_delete", "Remove one secret.")
            .answers("Document"),
        Endpoint("POST /v1/apps/{app}/machines/{id}/console", .appWrite, "Consoles_open", "A console in a Machine.")
            .body("Document").answers("Document"),
        Endpoint("POST /v1/apps/{app}/machines/{id}/connect", .appWrite, "Consoles_connect", "A port of a Machine.")
            .body("Document").answers("Document"),
        Endpoint("POST /v1/apps/{app}/console", .appWrite, "Consoles_create", "A console in a Machine of its own.")
            .body("Document").answers("Document"),
    ]

    static let host = [
        Endpoint("POST /v1/secrets/rotate", .host, "Secrets_rotate", "Give the host a new key for secrets.")
            .answers("Document"),
        Endpoint("GET /v1/strangers", .host, "Strangers_list", "Sandboxes that the store has no Machine for.")
            .answers("[Document]"),
        Endpoint("POST /v1/strangers/{id}/adopt", .host, "Strangers_adopt", "Make one a Machine again.")
            .answers("Document"),
        Endpoint("DELETE /v1/strangers/{id}", .host, "Strangers_remove", "End one."),
        Endpoint("GET /v1/log-drains", .host, "LogDrains_list", "Where lines of apps go, and how far they have come.")
            .answers("Document"),
        Endpoint("POST /v1/log-drains/{name}/test", .host, "LogDrains_test", "Send a line that means nothing.")
            .answers(nil, 204).unrecorded(),
        Endpoint("GET /v1/alerts", .host, "Alerts_list", "What fires, and whether the channels work.").answers(
            "Document"
        ),
        Endpoint("POST /v1/alerts/test", .host, "Alerts_test", "Try channels out.").body("Document").answers(
            "[Document]"
        ),
        Endpoint("POST /v1/alerts/silences", .host, "Alerts_silence", "Tell nobody of some alerts for a while.")
            .body("Document").answers("Document"),
        Endpoint("DELETE /v1/alerts/silences/{id}", .host, "Alerts_unsilence", "End a silence."),
        Endpoint("GET /v1/disk", .host, "Disk_show", "What takes the host's disk.").answers("Document"),
        Endpoint("POST /v1/disk/prune", .host, "Disk_prune", "Give up what builds keep.").answers("Document"),
        Endpoint("GET /v1/store/troubles", .host, "Store_troubles", "Records that can't be read.")
            .answers("[Document]"),
        Endpoint("GET /v1/store/record", .host, "Store_record", "One record as it is stored.").query("key")
            .answers("Document"),
        Endpoint("POST /v1/store/repair", .host, "Store_repair", "Put a record back, or take it away.")
            .body("Document").answers("Document"),
        Endpoint("GET /v1/backups", .host, "Backups_show", "How this host's backups went.").answers("Document"),
        Endpoint("POST /v1/backups", .host, "Backups_create", "Begin a backup.").answers("Document", 202),
    ]
}
