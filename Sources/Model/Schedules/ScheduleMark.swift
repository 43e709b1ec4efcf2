/// How far a Machine's schedule was seen to: written before its Machine is started, so that no slot comes twice.
package struct ScheduleMark: Equatable, Sendable {
    /// The slot that was seen to last.
    package var slot: Timestamp
    /// The schedule that the slot belongs to: another one begins anew.
    package var schedule: String

    package init(slot: Timestamp, schedule: String) {
        self.slot = slot
        self.schedule = schedule
    }
}

extension ScheduleMark: KeyedForm {
    package static var schema: Int? { 1 }

    package static var blank: ScheduleMark { ScheduleMark(slot: Timestamp(milliseconds: 0), schedule: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("slot", &slot)
        try form.field("schedule", &schedule)
    }
}
