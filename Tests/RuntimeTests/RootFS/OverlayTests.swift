import Testing

@testable import Runtime

@Suite("The overlay")
struct OverlayTests {
    @Test(
        "takes each layer once, where it lies topmost",
        arguments: [
            (["a", "b", "c"], ["c", "b", "a"]), (["a", "b", "b"], ["b", "a"]), (["b", "a", "b"], ["b", "a"]),
            (["a", "a", "a"], ["a"]),
        ]
    )
    func equalLayers(layers: [String], lower: [String]) {
        #expect(Overlay.lower(layers) == lower)
    }
}
