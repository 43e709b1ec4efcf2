import Model

/// The shapes of bodies and answers, each a list of `field: type`.
///
/// A type is `string`, `integer`, `boolean`, `object`, the name of a shape, or one of those in brackets for an array;
/// `?` after it says that null may stand there. Further fields are allowed everywhere: they are kept, or ignored.
enum OpenAPISchemas {
    static let all: [String: JSONValue] = shapes.mapValues(schema)

    private static let shapes: [String: String] = [
        "Document": "",
        "Status": "status: string",
        "Ok": "ok: boolean",
        "Error": "error: string, status: string, hint: string?",
        "App": """
        id: string, name: string, status: string, internal_numeric_id: integer, network: string,
        machine_count: integer, volume_count: integer, organization: Organization, cname_target: string,
        app_role: string, hostname: string, url: string, owner: string, release: integer?, traffic: string?
        """,
        "Apps": "total_apps: integer, apps: [App]",
        "Organization": "name: string, slug: string, internal_numeric_id: integer",
        "CreateApp": "name: string, app_name: string, org_slug: string?, network: string?, enable_subdomains: boolean?",
        "Traffic": "traffic: string",
        "IPAssignment": """
        ip: string, region: string, service_name: string, shared: boolean, created_at: string, type: string,
        network: string?
        """,
        "IPAssignments": "ips: [IPAssignment]",
        "CreateIPAssignment": """
        type: string, region: string?, org_slug: string?, network: string?, service_name: string?
        """,
        "CreateDeployToken": "expiry: string?, name: string?",
        "CreateToken": "name: string, scope: string, app: string?, machine: string?, expiry: string?",
        "Token": """
        id: string, name: string, token: string, scope: string, app: string?, machine: string?, created_at: string,
        created_by: string, expires_at: string, last_used_at: string?, revoked_at: string?, ca_fingerprint: string?
        """,
        "Tokens": "tokens: [Token]",
        "CurrentTokens": "tokens: [object]",
        "Machine": """
        id: string, name: string, state: string, region: string, instance_id: string, version: string,
        private_ip: string, image_ref: ImageRef, created_at: string, updated_at: string, config: MachineConfig,
        events: [Event], checks: [Check], host_status: string, cordoned: boolean, nonce: string?, ready: boolean,
        release: integer?
        """,
        "ImageRef": "registry: string, repository: string, tag: string, digest: string, labels: object",
        "Check": "name: string, status: string, output: string, updated_at: string",
        "Event": "id: string, type: string, status: string, source: string, timestamp: integer, request: object?",
        "MachineConfig": """
        image: string, env: object?, init: Init?, guest: Guest?, size: string?, services: [Service]?,
        checks: object?, mounts: [Mount]?, restart: Restart?, stop_config: StopMachine?, metadata: object?,
        auto_destroy: boolean?, files: [File]?, processes: [object]?, schedule: string?, dns: object?,
        metrics: object?, standbys: [string]?, statics: [object]?, containers: [object]?
        """,
        "Init": "exec: [string]?, entrypoint: [string]?, cmd: [string]?, tty: boolean?",
        "Guest": "cpu_kind: string?, cpus: integer?, memory_mb: integer?, gpu_kind: string?",
        "Service": """
        protocol: string?, internal_port: integer, ports: [object]?, autostop: object?, autostart: boolean?,
        min_machines_running: integer?, concurrency: object?, checks: [object]?
        """,
        "Mount": "volume: string, path: string, name: string?, size_gb: integer?",
        "Restart": "policy: string, max_retries: integer?",
        "File": "guest_path: string, raw_value: string?, secret_name: string?, mode: integer?",
        "CreateMachine": """
        name: string?, region: string?, config: MachineConfig, skip_launch: boolean?,
        skip_service_registration: boolean?, lease_ttl: integer?, skip_secrets: boolean?,
        min_secrets_version: integer?
        """,
        "UpdateMachine": """
        name: string?, region: string?, config: MachineConfig, current_version: string?, skip_launch: boolean?,
        skip_service_registration: boolean?, lease_ttl: integer?, skip_secrets: boolean?,
        min_secrets_version: integer?
        """,
        "Started": "previous_state: string, migrated: boolean, new_host: string",
        "StopMachine": "signal: string?, timeout: string?",
        "Signal": "signal: string",
        "Waited": "ok: boolean, state: string, version: string, event_id: string",
        "Command": "command: [string]?, cmd: string?, stdin: string?, timeout: integer?, container: string?",
        "Outcome": "exit_code: integer, exit_signal: integer, stdout: string, stderr: string",
        "Process": """
        pid: integer, stime: integer, rtime: integer, command: string, directory: string, cpu: integer,
        rss: integer, listen_sockets: [Socket]
        """,
        "Memory": "available_mb: integer, limit_mb: integer",
        "Socket": "proto: string, address: string",
        "Version": "version: string, user_config: MachineConfig",
        "CreateLease": "ttl: integer?, description: string?",
        "Lease": "nonce: string, expires_at: integer, owner: string, description: string, version: string",
        "LeaseAnswer": "status: string, data: Lease, message: string?, code: string?",
        "Metadata": "",
        "MetadataValue": "value: string, updated_at: string?",
        "ChangeMetadata": "metadata: object, machine_version: string?, updated_at: string?",
        "Volume": """
        id: string, name: string, state: string, size_gb: integer, region: string, zone: string,
        encrypted: boolean, attached_machine_id: string?, attached_alloc_id: string?, created_at: string,
        fstype: string, snapshot_retention: integer, auto_backup_enabled: boolean, host_status: string
        """,
        "CreateVolume": """
        name: string?, region: string?, size_gb: integer?, encrypted: boolean?, fstype: string?,
        snapshot_id: string?, source_volume_id: string?, snapshot_retention: integer?, auto_backup_enabled: boolean?
        """,
        "UpdateVolume": "snapshot_retention: integer?, auto_backup_enabled: boolean?",
        "ExtendVolume": "size_gb: integer",
        "ExtendedVolume": "volume: Volume, needs_restart: boolean",
        "Snapshot": """
        id: string, size: integer, volume_size: integer, digest: string, created_at: string, retention_days: integer,
        status: string, scheduled: boolean, added: integer, pause_ms: integer
        """,
        "Placements": "org_slug: string?, region: string?, count: integer?, compute: object?",
        "Placed": "regions: [object]",
        "Regions": "regions: [object], nearest: string",
        "OrgMachines": "machines: [Machine], last_machine_id: string, last_updated_at: string, next_cursor: string",
        "OrgVolumes": "volumes: [Volume], last_volume_id: string, next_cursor: string",
        "Activity": "entries: [object]",
        "Verdict": "ok: boolean, entries: integer, head: string, problems: [string]",
    ]

    private static func schema(_ text: String) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        for part in text.split(separator: ",") {
            let pair = part.split(separator: ":").map { $0.trimmingPrefix(while: \.isWhitespace) }
            guard pair.count == 2 else { preconditionFailure("a shape is a list of `field: type`: \(part)") }
            properties[String(pair[0])] = type(String(pair[1]))
        }
        return .object(["type": .string("object"), "properties": .object(properties)])
    }

    private static func type(_ text: String) -> JSONValue {
        if text.hasSuffix("?") {
            return .object(["anyOf": .array([type(String(text.dropLast())), .object(["type": .string("null")])])])
        }
        if text.hasPrefix("[") {
            return .object(["type": .string("array"), "items": type(String(text.dropFirst().dropLast()))])
        }
        if ["string", "integer", "boolean", "object"].contains(text) { return .object(["type": .string(text)]) }
        precondition(shapes[text] != nil, "there is no shape \(text)")
        return .object(["$ref": .string("#/components/schemas/\(text)")])
    }
}
