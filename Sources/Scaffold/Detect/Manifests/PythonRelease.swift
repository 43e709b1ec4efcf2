/// A minor version of CPython with the days between which it is kept safe.
///
/// > Source: devguide.python.org/versions (release-cycle.json, read 2026-11-21); where it gives a month, its last day.
package struct PythonRelease: Sendable {
    /// 14 of 3.14.
    package var minor: Int
    /// Days as ISO 8601 has them, which compare as text.
    package var released: String
    package var ended: String

    package var name: String { "3.\(minor)" }

    /// The day that this release of Roost takes for today: the same input has to give the same output at any time.
    package static let today = "2026-11-21"

    package static let all = [
        PythonRelease(minor: 6, released: "2016-12-23", ended: "2021-12-23"),
        PythonRelease(minor: 7, released: "2018-06-27", ended: "2023-06-27"),
        PythonRelease(minor: 8, released: "2019-10-14", ended: "2024-10-07"),
        PythonRelease(minor: 9, released: "2020-10-05", ended: "2025-10-31"),
        PythonRelease(minor: 10, released: "2021-10-04", ended: "2026-10-31"),
        PythonRelease(minor: 11, released: "2022-10-24", ended: "2027-10-31"),
        PythonRelease(minor: 12, released: "2023-10-02", ended: "2028-10-31"),
        PythonRelease(minor: 13, released: "2024-10-07", ended: "2029-10-31"),
        PythonRelease(minor: 14, released: "2025-10-07", ended: "2030-10-31"),
        PythonRelease(minor: 15, released: "2026-10-01", ended: "2031-10-31"),
    ]

    /// The release of a minor version; nil for one that is not known.
    package static func named(_ name: some StringProtocol) -> PythonRelease? { all.first { $0.name == name } }

    /// Whether it still gets fixes of security holes.
    package func isSupported(on day: String) -> Bool { released <= day && day <= ended }

    /// Whether it is out for twelve months: by then nearly all packages have wheels for it.
    package func isSettled(on day: String) -> Bool {
        guard let year = Int(day.prefix(4)) else { return false }
        return released <= "\(year - 1)\(day.dropFirst(4))"
    }
}
