/// How many Machines somebody wants: `3`, `+1`, `-1`, or the same after a group's name, `worker=2`.
///
/// > Source: `deploy`, section 13.1.
package struct CountWish: Equatable, Sendable {
    /// Nil is the group that the command names, or the default one.
    package var group: String?
    package var amount: Amount

    /// How many: a number, or more or fewer than there are.
    package enum Amount: Equatable, Sendable {
        case exactly(Int)
        /// More than there are, or fewer.
        case changed(by: Int)
    }

    /// - Throws: ``Fault`` `invalidRequest`.
    package init(_ text: String) throws(Fault) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        group = parts.count == 2 ? String(parts[0]) : nil
        let number = parts.last ?? ""
        let digits = number.drop { $0 == "+" || $0 == "-" }
        guard group != "", digits.count + 1 >= number.count, digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let count = Int(digits), count <= 1000
        else {
            throw Fault(
                .invalidRequest,
                "\(ConfigNode.quoted(text)) is no count of Machines",
                hint: "write 3, +1, -1, or with a group: worker=3"
            )
        }
        switch number.first {
        case "+": amount = .changed(by: count)
        case "-": amount = .changed(by: -count)
        default: amount = .exactly(count)
        }
    }

    /// The number that is meant where there are `present` Machines; never below zero.
    package func count(from present: Int) -> Int {
        switch amount {
        case .exactly(let count): count
        case .changed(let by): max(0, present + by)
        }
    }

    /// What several of them mean together; `group` is that of those which name none, `present` are Machines by group.
    ///
    /// A group that is named twice is a ``Fault`` `invalidRequest`.
    package static func counts(
        _ wishes: [CountWish],
        group: String,
        present: [String: Int]
    ) throws(Fault) -> [String: Int] {
        var counts: [String: Int] = [:]
        for wish in wishes {
            let name = wish.group ?? group
            guard counts[name] == nil else { throw Fault(.invalidRequest, "group \(name) is named twice") }
            counts[name] = wish.count(from: present[name] ?? 0)
        }
        return counts
    }
}
