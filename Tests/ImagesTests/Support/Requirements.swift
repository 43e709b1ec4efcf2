import Foundation
import Glibc
import Toolkit

/// What real builds need of the machine that runs the tests.
enum Requirements {
    static let uv = "/opt/roost-tools/bin/uv"

    /// Whether these programs are here and we are root; says why not.
    static func met(_ programs: [String], uv needsUV: Bool = false) -> Bool {
        var lacks = programs.filter { Command.find($0) == nil }
        if needsUV, access(uv, X_OK) != 0 { lacks.append(uv) }
        if geteuid() != 0 { lacks.append("the rights of root") }
        if !lacks.isEmpty { print("skipped: this machine lacks \(lacks.joined(separator: ", "))") }
        return lacks.isEmpty
    }

    static let python = met(["mmdebstrap", "unshare", "chroot"], uv: true)
    static let root = met([])
    static let skopeo = met(["skopeo"])
    static let registry = met(["docker-registry", "buildah", "skopeo", "mmdebstrap"], uv: true)
    static let buildah = met(["buildah", "skopeo", "mmdebstrap"])
}
