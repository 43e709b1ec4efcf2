extension Fault: KeyedForm {
    package static var blank: Fault { Fault(.io, "") }

    package mutating func fields(_ form: inout Form) throws {
        var word = newerCode ?? code.rawValue
        try form.field("code", &word)
        code = Code(rawValue: word) ?? .io
        newerCode = Code(rawValue: word) == nil ? word : nil
        try form.field("message", &message)
        try form.field("hint", &hint)
    }
}
