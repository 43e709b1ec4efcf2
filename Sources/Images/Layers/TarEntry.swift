/// One member of a tar archive, without its content.
struct TarEntry: Equatable, Sendable {
    /// Relative, without a slash at its end.
    var path: String
    var kind: Kind
    /// With the set-user-ID, set-group-ID and sticky bits.
    var mode: UInt32 = 0o644
    var user: UInt32 = 0
    var group: UInt32 = 0
    /// Of the content that follows, in bytes; zero for all but files.
    var size: Int64 = 0
    /// In seconds since 1970.
    var changed: Int64 = 0
    /// Where a link leads: for a symbolic one any text, for a hard one another member's path.
    var target = ""
    var device = Device(major: 0, minor: 0)
    /// Extended attributes by name.
    var attributes: [String: [UInt8]] = [:]

    enum Kind: Equatable, Sendable {
        case file
        case hardLink
        case symbolicLink
        case characterDevice
        case blockDevice
        case folder
        case pipe
    }

    struct Device: Equatable, Sendable {
        var major: UInt32
        var minor: UInt32
    }
}

extension TarEntry.Kind {
    /// The `typeflag` of POSIX.1-1988.
    var flag: UInt8 {
        switch self {
        case .file: UInt8(ascii: "0")
        case .hardLink: UInt8(ascii: "1")
        case .symbolicLink: UInt8(ascii: "2")
        case .characterDevice: UInt8(ascii: "3")
        case .blockDevice: UInt8(ascii: "4")
        case .folder: UInt8(ascii: "5")
        case .pipe: UInt8(ascii: "6")
        }
    }

    init?(flag: UInt8) {
        switch flag {
        case UInt8(ascii: "0"), 0, UInt8(ascii: "7"): self = .file
        case UInt8(ascii: "1"): self = .hardLink
        case UInt8(ascii: "2"): self = .symbolicLink
        case UInt8(ascii: "3"): self = .characterDevice
        case UInt8(ascii: "4"): self = .blockDevice
        case UInt8(ascii: "5"): self = .folder
        case UInt8(ascii: "6"): self = .pipe
        default: return nil
        }
    }
}
