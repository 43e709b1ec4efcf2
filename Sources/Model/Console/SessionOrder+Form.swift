extension SessionOrder: KeyedForm {
    package static var blank: SessionOrder { SessionOrder(command: []) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("command", &command)
        try form.field("user", &user)
        try form.field("terminal", &terminal)
        try form.field("term", &term)
        try form.field("person", &person)
    }
}

extension TerminalSize: KeyedForm {
    package static var blank: TerminalSize { TerminalSize(columns: 80, rows: 24) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("columns", &columns)
        try form.field("rows", &rows)
    }
}
