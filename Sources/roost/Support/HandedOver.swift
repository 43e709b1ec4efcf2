/// What one command hands to another; no command line has a word for it.
struct HandedOver<Value: Sendable>: Decodable, Sendable {
    var value: Value?

    init() {}

    init(from decoder: any Decoder) throws {}
}
