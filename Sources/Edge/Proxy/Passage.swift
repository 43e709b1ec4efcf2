/// What the edge tells the app and the client about one request.
package struct Passage: Sendable {
    /// ULID, a hyphen, the edge's region.
    package var requestID: String
    /// The peer's address, without port.
    package var clientAddress: String
    /// The port that the client reached.
    package var port: Int
    package var region: String
    /// The client came over TLS.
    package var secure: Bool

    package init(requestID: String, clientAddress: String, port: Int, region: String, secure: Bool = false) {
        self.requestID = requestID
        self.clientAddress = clientAddress
        self.port = port
        self.region = region
        self.secure = secure
    }
}
