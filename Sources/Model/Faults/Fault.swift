/// What the network, a disk, a peer or a person caused: the one error type that crosses a target's border.
package struct Fault: Error, Equatable, Sendable {
    /// Stable for scripts; listed in `docs/errors.md`.
    package var code: Code
    /// What happened, with its values.
    package var message: String
    /// What to do next.
    package var hint: String?
    /// The code that a newer version gave it; `code` is `io` then.
    var newerCode: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}

extension Fault {
    /// The stable names of everything that can go wrong.
    package enum Code: String, CaseIterable, Sendable {
        case invalidConfig = "invalid_config"
        case invalidRequest = "invalid_request"
        case appNotFound = "app_not_found"
        case machineNotFound = "machine_not_found"
        case volumeNotFound = "volume_not_found"
        case imageNotFound = "image_not_found"
        case rolloutNotFound = "rollout_not_found"
        case secretNotFound = "secret_not_found"
        case certificateNotFound = "certificate_not_found"
        case certificateInvalid = "certificate_invalid"
        case certificateFailed = "certificate_failed"
        case nameTaken = "name_taken"
        case deployInProgress = "deploy_in_progress"
        case revisionConflict = "revision_conflict"
        case invalidState = "invalid_state"
        case volumeInUse = "volume_in_use"
        case buildFailed = "build_failed"
        case rolloutFailed = "rollout_failed"
        case releaseCommandFailed = "release_command_failed"
        case cancelled = "cancelled"
        case diskFull = "disk_full"
        case hostUnfit = "host_unfit"
        case toolFailed = "tool_failed"
        case toolMissing = "tool_missing"
        case unreachable = "unreachable"
        case timedOut = "timed_out"
        case tooLarge = "too_large"
        case corrupt = "corrupt"
        case newerVersion = "newer_version"
        case io = "io"
        case unsupported = "unsupported"
        case notFound = "not_found"
        case leaseNotFound = "lease_not_found"
        case leaseHeld = "lease_held"
        case preconditionFailed = "precondition_failed"
        case unauthorized = "unauthorized"
        case forbidden = "forbidden"
        case tokenNotFound = "token_not_found"
        case keyReused = "key_reused"
    }
}

extension Fault.Code {
    /// The status that the REST API answers with.
    package var httpStatus: Int {
        switch self {  // no `default`: a new code has to choose
        case .invalidConfig, .invalidRequest, .unsupported: 400
        case .unauthorized: 401
        case .forbidden: 403
        case .appNotFound, .machineNotFound, .volumeNotFound, .imageNotFound, .rolloutNotFound, .secretNotFound: 404
        case .notFound, .leaseNotFound, .tokenNotFound, .certificateNotFound: 404
        case .timedOut: 408
        case .deployInProgress, .revisionConflict, .invalidState, .leaseHeld: 409
        case .volumeInUse, .preconditionFailed: 412
        case .tooLarge: 413
        case .nameTaken, .buildFailed, .rolloutFailed, .releaseCommandFailed, .certificateInvalid, .certificateFailed,
            .keyReused:
            422
        case .cancelled: 499
        case .corrupt, .newerVersion, .io, .toolFailed, .toolMissing, .hostUnfit: 500
        case .unreachable: 503
        case .diskFull: 507
        }
    }
}

extension Fault: CustomStringConvertible {
    package var description: String {
        guard let hint else { return message }
        return "\(message)\n\(hint)"
    }
}
