@testable import Images

extension LayerWork {
    /// For layers whose size is not what a test is about.
    static let unbounded = LayerWork(limit: .max)
}
