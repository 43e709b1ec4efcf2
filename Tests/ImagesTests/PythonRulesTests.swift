import Foundation
import Model
import Testing
import Toolkit

@testable import Images

@Suite("Where a host's packages come from")
struct PythonRulesTests {
    @Test("reads both formats of APT's sources, and takes the release's own")
    func apt() {
        var sources = AptSources()
        sources.add(
            list: """
                # deb http://comment bookworm main
                deb http://deb.debian.org/debian bookworm main contrib # why
                deb [arch=amd64 signed-by=/k.gpg] https://mirror/debian bookworm-updates main
                deb-src http://deb.debian.org/debian bookworm main
                deb https://packages.cloud.google.com/apt cloud-sdk-bookworm main
                deb http://flat/ ./
                """
        )
        sources.add(
            deb822: """
                Types: deb deb-src
                # a comment
                URIs: http://security/debian-security
                Suites: bookworm-security other
                Components: main
                Signed-By: /usr/share/keyrings/debian.gpg

                Types: deb
                URIs: http://off
                Suites: bookworm
                Components: main
                Enabled: no

                Types: deb
                URIs: http://key
                Suites: bookworm
                Components: main
                Signed-By:
                 -----BEGIN PGP PUBLIC KEY BLOCK-----
                 .
                 abc
                """
        )
        #expect(
            sources.entries(of: "bookworm").map(\.line) == [
                "deb http://deb.debian.org/debian bookworm main contrib",
                "deb http://key bookworm main",
                "deb [signed-by=/k.gpg] https://mirror/debian bookworm-updates main",
                "deb [signed-by=/usr/share/keyrings/debian.gpg] http://security/debian-security bookworm-security main",
            ]
        )
        #expect(sources.entries(of: "trixie").isEmpty)
    }
}
