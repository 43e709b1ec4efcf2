extension NameResolver {
    /// What a loop's variable stands for, one after the other; which of its names, when each element is taken apart.
    func elements(of loop: PythonModule.Loop, _ place: Int, _ path: String) -> [PythonValue] {
        items(of: loop.value, in: Scope(path, loop.scope)).compactMap { item in
            guard loop.targets.count > 1 else { return item.value }
            guard let parts = item.value.elements, parts.indices.contains(place) else { return nil }
            return parts[place]
        }
    }

    /// The elements of a list, also of one that a name stands for or that is put together; each with its place.
    func items(of value: PythonValue, in scope: Scope, depth: Int = 0) -> [(value: PythonValue, scope: Scope)] {
        // A list that is put together of itself, line after line, doubles the work with each step.
        guard depth < 8 else { return [] }
        switch value {
        case .list(let values), .tuple(let values): return values.map { ($0, scope) }
        case .binary(let left, "Add", let right):
            return items(of: left, in: scope, depth: depth + 1) + items(of: right, in: scope, depth: depth + 1)
        case .dict(let pairs): return pairs.map { (.tuple([$0.key, $0.value]), scope) }
        case .call(let call) where call.method == "items" || call.method == "values":
            let base = String(call.function.dropLast(call.method.count + 1))
            let all = items(of: .name(base), in: scope, depth: depth + 1)
            guard call.method == "values" else { return all }
            return all.compactMap { item in item.value.elements?.last.map { ($0, item.scope) } }
        case .call(let call) where ["list", "tuple", "sorted", "reversed", "set"].contains(call.function):
            return call.arguments.first.map { items(of: $0, in: scope, depth: depth + 1) } ?? []
        case .name(let name):
            for target in targets(of: name, in: scope).prefix(2) {
                if case .assign(let item, let path) = target, let inner = item.value {
                    let found = items(of: inner, in: Scope(path, item.scope), depth: depth + 1)
                    if !found.isEmpty { return found }
                }
                if case .field(let field, let klass, let path) = target, let inner = field.value {
                    return items(of: inner, in: Scope(path, klass.name), depth: depth + 1)
                }
            }
            return []
        case .conditional(let yes, let no, _):
            let found = items(of: yes, in: scope, depth: depth + 1)
            return found.isEmpty ? items(of: no, in: scope, depth: depth + 1) : found
        default: return []
        }
    }

    /// What the callers of a function pass for one of its parameters, each with the place that it is seen from.
    func passed(
        to function: PythonModule.Function,
        _ index: Int,
        in path: String
    ) -> [(value: PythonValue, scope: Scope)] {
        let parts = function.name.split(separator: ".")
        let isInit = parts.last == "__init__"
        let name = String((isInit ? parts.dropLast().last : parts.last) ?? "")
        let isMethod = ["self", "cls"].contains(function.parameters.first?.name ?? "")
        return (passing[name] ?? []).prefix(200).compactMap { call, scope in
            let value = call[function.parameters[index].name] ?? call.arguments[at: index - (isMethod ? 1 : 0)]
            guard let value else { return nil }
            let isMeant = targets(of: call.function, in: scope).contains { target in
                switch target {
                case .function(let found, let file): found.name == function.name && file == path
                case .klass(let found, let file): isInit && found.name + ".__init__" == function.name && file == path
                default: false
                }
            }
            return isMeant ? (value, scope) : nil
        }
    }

    /// The class whose method or body a scope is.
    func enclosingClass(of scope: Scope) -> PythonModule.Class? {
        var name = scope.name[...]
        while !name.isEmpty {
            if let found = klass(String(name), in: scope.path) { return found }
            name = name.lastIndex(of: ".").map { name[..<$0] } ?? ""
        }
        return nil
    }

    /// The classes that a class is made from, nearest first: those of the project followed, the rest as names.
    func bases(of klass: PythonModule.Class, in path: String) -> [(name: String, target: Target?)] {
        var result: [(name: String, target: Target?)] = []
        var seen: Set<Key> = [Key(scope: Scope(path), name: klass.name)]
        var waiting = [(klass, path)]
        while !waiting.isEmpty, result.count < Self.maximumTargets {
            let (next, path) = waiting.removeFirst()
            for name in next.bases {
                let found = targets(of: name, in: Scope(path)).compactMap { target -> (PythonModule.Class, String)? in
                    if case .klass(let base, let other) = target { (base, other) } else { nil }
                }
                guard let (base, other) = found.first else {
                    result.append((name, nil))
                    continue
                }
                guard seen.insert(Key(scope: Scope(other), name: base.name)).inserted else { continue }
                result.append((name, .klass(base, path: other)))
                waiting.append((base, other))
            }
        }
        return result
    }
}
