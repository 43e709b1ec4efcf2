import Foundation
import Model
import Synchronization

/// The system call filters, read from the distribution's file once for each set of capabilities.
final class SeccompCache: Sendable {
    private let filters = Mutex<[[String]: BundleConfig.Seccomp]>([:])

    /// - Throws: ``Fault`` `hostUnfit` when the file is missing.
    func filter(_ capabilities: [String], profile: String) throws(Fault) -> BundleConfig.Seccomp {
        if let known = filters.withLock({ $0[capabilities] }) { return known }
        let target = SeccompProfile.Target(
            architecture: Self.architecture,
            kernel: Self.kernel,
            capabilities: Set(capabilities)
        )
        let filter = try SeccompProfile.load(profile).rules(for: target)
        filters.withLock { $0[capabilities] = filter }
        return filter
    }

    #if arch(arm64)
    private static let architecture = "arm64"
    #else
    private static let architecture = "amd64"
    #endif

    private static var kernel: (Int, Int) {
        let version = ProcessInfo.processInfo.operatingSystemVersion
        return (version.majorVersion, version.minorVersion)
    }
}
