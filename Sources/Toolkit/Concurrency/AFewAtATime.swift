/// Runs `body` for each of some things, at most `width` at once, and begins with them in their order.
///
/// A cancelled task begins with no more of them.
package func aFewAtATime<Item: Sendable>(
    _ items: some Sequence<Item>,
    width: Int,
    _ body: @escaping @concurrent @Sendable (Item) async -> Void
) async {
    await withTaskGroup(of: Void.self) { group in
        for (number, item) in items.enumerated() {
            if number >= width { await group.next() }
            guard group.addTaskUnlessCancelled(operation: { await body(item) }) else { return }
        }
    }
}
