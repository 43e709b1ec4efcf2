import Model

/// What bounds the packing or unpacking of one layer.
struct LayerWork: Sendable {
    /// Bytes of all files together, holes included.
    var limit: Int64
    /// Throws once nobody waits for it any more.
    var check: @Sendable () throws -> Void = {}

    func until(_ interruption: Blocking.Interruption) -> LayerWork {
        LayerWork(limit: limit) { try interruption.check() }
    }

    /// - Throws: ``Fault`` `tooLarge` when so many bytes are more than a layer may have.
    func admit(_ bytes: Int64) throws {
        guard bytes <= limit else { throw DiskWatch.tooLarge("a layer of the image", limit) }
    }
}
