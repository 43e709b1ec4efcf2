import Foundation
import Testing

@Suite("Doctor", .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct DoctorTests {
    private let roost = "\(TestHost.package)/.build/debug/roost"

    @Test("names what was seen, and works without a daemon")
    func fit() async throws {
        let outcome = try await Shell.run(roost, ["doctor"])
        #expect(outcome.code == 0, "\(outcome.all)")
        for name in ["kernel", "cgroups", "OCI runtime", "conmon", "overlayfs", "nftables", "disk", "clock", "port"] {
            #expect(outcome.output.contains(name), "\(name): \(outcome.output)")
        }
        let json = try await Shell.run(roost, ["doctor", "--json"])
        #expect(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) is [[String: Any]])
    }

    @Test("without root it fails, and says to use it")
    func withoutRoot() async throws {
        let outcome = try await Shell.run(
            "/usr/bin/setpriv",
            ["--reuid", "65534", "--regid", "65534", "--clear-groups", roost, "doctor"]
        )
        #expect(outcome.code == 1, "\(outcome.all)")
        #expect(outcome.output.contains("not root") && outcome.output.contains("sudo"), "\(outcome.all)")
    }

    @Test("without runc it fails, and says how to get it")
    func withoutRunc() async throws {
        // Hidden in a mount namespace of its own.
        let hide = "for p in /usr/sbin/runc /usr/bin/crun; do [ ! -e $p ] || mount --bind /dev/null $p; done"
        let outcome = try await Shell.run(
            "/usr/bin/unshare",
            ["--mount", "sh", "-c", "\(hide); exec \(roost) doctor"]
        )
        #expect(outcome.code == 1, "\(outcome.all)")
        #expect(outcome.output.contains("apt-get install") || outcome.output.contains("apt install"), "\(outcome.all)")
    }

    @Test("roostd serve without root says so")
    func serveWithoutRoot() async throws {
        let daemon = "\(TestHost.package)/.build/debug/roostd"
        let outcome = try await Shell.run(
            "/usr/bin/setpriv",
            ["--reuid", "65534", "--regid", "65534", "--clear-groups", daemon, "serve"]
        )
        #expect(outcome.code == 1 && outcome.error.contains("needs root"), "\(outcome.all)")
    }
}
