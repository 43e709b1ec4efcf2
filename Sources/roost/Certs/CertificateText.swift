import Model
import Toolkit

/// Certificates in words.
enum CertificateText {
    static func words(_ status: String) -> String {
        switch status {
        case "active": "Issued"
        case "pending_validation": "Issuing..."
        case "expired": "Expired"
        default: status
        }
    }

    /// What the name's DNS should be.
    static func setup(_ detail: CertificateDetail) {
        let name = detail.hostname
        guard !HostName.isLocal(name) else { return print("It is a local name: no DNS is asked for it.") }
        print("\nDNS Setup Options\n")
        let needs = detail.dnsRequirements
        let a = needs.a.isEmpty && needs.aaaa.isEmpty ? ["(the address that this host is reached by)"] : needs.a
        for address in a { print("  A     \(name)  \(address)") }
        for address in needs.aaaa { print("  AAAA  \(name)  \(address)") }
        let place = "http://\(name)/.well-known/acme-challenge/"
        print("\nThe authority asks at \(place), so port 80 has to lead to this host.")
    }

    static func show(_ detail: CertificateDetail) {
        print("Hostname     \(detail.hostname)")
        print("Status       \(words(detail.status))")
        for one in detail.certificates {
            let mark = one.presented ? ", presented" : ""
            let type = one.issued.first?.type ?? ""
            print("Certificate  \(one.source) (\(type)), \(one.status) until \(one.expiresAt)\(mark)")
            print("Issuer       \(Output.harmless(one.issuer))")
        }
        if let records = detail.dnsRecords {
            let all = records.resolvedAddresses
            print("Resolves to  \(all.isEmpty ? "nothing" : all.joined(separator: ", "))")
            let needs = detail.dnsRequirements
            if !detail.validation.dnsConfigured, !HostName.isLocal(detail.hostname) {
                let own = (needs.a + needs.aaaa).joined(separator: ", ")
                print("             \(own.isEmpty ? "it should resolve to this host" : "it should be \(own)")")
            }
        }
        for error in detail.validationErrors {
            print("Trouble      \(Output.harmless(error.message))")
            print("             \(error.remediation)")
        }
        if let limited = detail.rateLimitedUntil { print("Rate limit   until \(limited)") }
    }
}
