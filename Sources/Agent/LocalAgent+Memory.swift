import Foundation
import Model

extension LocalAgent {
    /// What the kernel says that programs could still have without swapping.
    package func freeMemory() async throws -> Int? {
        Self.freeMemory(in: (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? "")
    }

    /// Reads `MemAvailable` of `/proc/meminfo`, in MiB.
    static func freeMemory(in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 / 1024 }
        }
        return nil
    }
}
