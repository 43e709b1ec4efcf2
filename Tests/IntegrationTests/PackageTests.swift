import Foundation
import Testing

private enum PackageTools {
    /// Why it can't be tried here; nil when it can.
    static var unfit: String? {
        if let unfit = TestHost.unfit { return unfit }
        let needed = [
            "/usr/bin/lintian", "/usr/bin/chrpath", "/usr/bin/strip", "/opt/roost-tools/bin/uv", "/bin/busybox",
        ]
        let missing = needed.filter { !FileManager.default.isExecutableFile(atPath: $0) }
        return missing.isEmpty ? nil : "missing: \(missing.joined(separator: ", ")) (scripts/install.sh test)"
    }
}

/// The Debian package in a minimal Debian; `make soak-deb` runs all of it.
@Suite("Debian package", .enabled(if: PackageTools.unfit == nil, "\(PackageTools.unfit ?? "")"))
struct PackageTests {
    @Test("is without errors for lintian; installed on a host without Swift, it runs an app")
    func part() async throws {
        let outcome = try await Shell.run(
            "python3",
            ["\(TestHost.package)/scripts/deb_trial.py", "--part", "\(TestHost.package)/.build/debug"],
            limit: 600
        )
        #expect(outcome.code == 0, "\(outcome.all)")
        print(outcome.output)
    }

    @Test("the same programs make the same bytes, and what is no version is refused")
    func bytes() async throws {
        let folder = NSTemporaryDirectory() + "roost-package-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let make = "\(TestHost.package)/scripts/deb.py --quick --version 9.8 --out"
        let bin = "\(TestHost.package)/.build/debug"
        let sums = try await Shell.line(
            "mkdir -p \(folder)/a \(folder)/b && \(make) \(folder)/a \(bin) && \(make) \(folder)/b \(bin) && "
                + "sha256sum \(folder)/[ab]/roost_9.8_*.deb | cut -d' ' -f1 | uniq | wc -l",
            limit: 300
        )
        #expect(sums.split(separator: "\n").last == "1", "\(sums)")
        let wrong = try await Shell.run("\(TestHost.package)/scripts/deb.py", ["--version", "v1", bin])
        #expect(wrong.code == 2 && wrong.error.contains("\"v1\" is no version"), "\(wrong.all)")
    }
}
