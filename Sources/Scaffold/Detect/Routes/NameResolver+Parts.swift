import Synchronization

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
}
