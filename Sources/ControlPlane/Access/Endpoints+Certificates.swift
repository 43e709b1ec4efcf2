import Model

extension Endpoints {
    static let certificates = [
        Endpoint("GET /v1/apps/{app}/certificates", .appRead, "Certificates_list", "The app's host names.")
            .query("limit:integer", "cursor").answers("Document"),
        Endpoint("POST /v1/apps/{app}/certificates/acme", .appWrite, "Certificates_acme", "Have a host name certified.")
            .body("Document").answers("Document", 201),
        Endpoint("POST /v1/apps/{app}/certificates/custom", .appWrite, "Certificates_custom", "Bring a certificate.")
            .body("Document").answers("Document", 201),
        Endpoint("GET /v1/apps/{app}/certificates/{hostname}", .appRead, "Certificate_get", "One host name.")
            .answers("Document"),
        Endpoint("POST /v1/apps/{app}/certificates/{hostname}/check", .appWrite, "Certificate_check", "Look again now.")
            .answers("Document"),
        Endpoint("DELETE /v1/apps/{app}/certificates/{hostname}", .appWrite, "Certificate_delete", "Give a name up.")
            .answers(nil, 204),
        Endpoint(
            "DELETE /v1/apps/{app}/certificates/{hostname}/acme",
            .appWrite,
            "Certificate_acme_delete",
            "Stop ordering certificates for a name."
        ).answers("Document"),
        Endpoint(
            "DELETE /v1/apps/{app}/certificates/{hostname}/custom",
            .appWrite,
            "Certificate_custom_delete",
            "Take a certificate that was brought away."
        ).answers("Document"),
        Endpoint("GET /v1/certificates/authority", .host, "Certificates_authority", "The host's own authority.")
            .answers("Document"),
    ]
}
