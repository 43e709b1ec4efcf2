/// The images that a Dockerfile is based on, in a question before anything is uploaded.
package struct BaseImagesRequest: Equatable, Sendable {
    /// As the Dockerfile names them, variables filled in.
    package var names: [String]

    package init(names: [String]) {
        self.names = names
    }
}

/// How a host comes by an image that a Dockerfile is based on.
package struct BaseImageView: Equatable, Sendable {
    package var name: String
    /// `present`, `registry`, `made` or `unreachable`; a word of a later version counts as reachable.
    package var way: String
    /// What it is made of, or why it is out of reach.
    package var detail: String?

    package init(name: String, way: String, detail: String? = nil) {
        self.name = name
        self.way = way
        self.detail = detail
    }

    /// The builder is told here already that it can't go on.
    package static let unreachable = "unreachable"
}
