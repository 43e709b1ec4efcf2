import Glibc

/// The certificate authorities of a host behind a proxy that reads TLS, for the programs that `RUN` lines start.
///
/// Each program has a variable of its own for them. As build arguments they are there while a line runs, and in no image.
struct BuildAuthorities {
    /// The names of the variables; none on a host that names no authorities of its own.
    let variables: [String]
    /// For `buildah bud`.
    let options: [String]

    /// - Parameter environment: that of builds; its `SSL_CERT_FILE` is what the host's operator has set.
    init(environment: [String: String]) {
        guard let file = environment["SSL_CERT_FILE"], access(file, R_OK) == 0 else {
            (variables, options) = ([], [])
            return
        }
        variables = Self.names
        options =
            ["--volume", "\(file):\(Self.place):ro"] + Self.names.flatMap { ["--build-arg", "\($0)=\(Self.place)"] }
    }

    // MARK: - Private

    private static let place = "/run/roost-authorities.crt"

    /// OpenSSL and uv, pip, Python's requests, curl, Node, git.
    private static let names = [
        "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO",
    ]
}
