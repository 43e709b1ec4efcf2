/// What a service takes from the package index because no package of the distribution has it.
///
/// Versions are exact, and nothing is compiled: an index never exchanges a file, so the same comes each time.
struct ServiceWheels: Codable, Equatable, Sendable {
    var requirements: [String]
    /// Lines of shell that put what was installed into ``place`` where it belongs, in the folder that becomes a layer;
    /// empty where it may stay.
    var arrange: String

    /// Where they are installed, from the root of the image.
    static let place = "opt/roost-service"

    /// MongoDB's server is in no distribution since its licence changed, nor in the package index: this one speaks its
    /// protocol, and keeps its data in the same engine.
    static let mongodb = ServiceWheels(
        requirements: [
            "secantusdb==0.7.0b3", "pymongo==4.20.1", "dnspython==2.9.2", "s2sphere==0.2.5", "future==1.0.0",
            "shapely==2.2.0", "numpy==2.4.6", "python-dateutil==2.9.0.post0", "six==1.17.0",
        ],
        arrange: ""
    )
    static let mongodbVersion = "(SecantusDB 0.7)"

    /// Debian 12 lacks the package of the extension `vector`; this wheel has it made for the same PostgreSQL.
    static let vector = ServiceWheels(
        requirements: ["pgserver==0.0.9"],
        arrange: """
            lib=usr/lib/postgresql/\(vectorMajor)/lib extension=usr/share/postgresql/\(vectorMajor)/extension
            mkdir -p "$lib" "$extension"
            cp \(place)/pgserver/pginstall/lib/postgresql/vector.so "$lib/"
            cp \(place)/pgserver/pginstall/share/postgresql/extension/vector* "$extension/"
            rm -rf opt

            """
    )
    /// The PostgreSQL that ``vector`` is made for; others have a package.
    static let vectorMajor = "15"
}
