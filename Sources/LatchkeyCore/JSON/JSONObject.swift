/// The members of a ``JSON`` object: each name once, in the order of the names' bytes. Names are compared as bytes.
package struct JSONObject: Sendable, ExpressibleByDictionaryLiteral, RandomAccessCollection {
    package typealias Element = (key: String, value: JSON)

    private var members: [Element] = []

    package init() {}

    /// - Parameter members: in any order. Of several with the same name the last one counts. Takes n log n comparisons, or n - 1
    ///   if they are in order.
    package init(_ members: some Sequence<(String, JSON)>) {
        let given = members.map { (key: $0.0, value: $0.1) }
        let isSorted = given.indices.dropFirst().allSatisfy { given[$0 - 1].key.precedesInBytes(given[$0].key) }
        if isSorted {
            self.members = given
            return
        }
        // The sort is stable, so equal names stay in their order.
        let sorted = given.sorted { $0.key.precedesInBytes($1.key) }
        self.members.reserveCapacity(sorted.count)
        for member in sorted {
            if let last = self.members.last, last.key.hasSameBytes(as: member.key) { self.members.removeLast() }
            self.members.append(member)
        }
    }

    package init(_ members: [String: JSON]) { self.init(members.map { ($0.key, $0.value) }) }

    package init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }

    package var startIndex: Int { members.startIndex }
    package var endIndex: Int { members.endIndex }
    package subscript(position: Int) -> Element { members[position] }

    /// The names in the order of their bytes.
    package var keys: [String] { members.map(\.key) }
    /// The values in the order of their names.
    package var values: [JSON] { members.map(\.value) }

    /// The value of the member with this name. Setting nil removes the member.
    package subscript(name: String) -> JSON? {
        get {
            let position = position(of: name)
            // A conditional expression would read `nil` as the JSON value null.
            guard has(name, at: position) else { return nil }
            return members[position].value
        }
        set {
            let position = position(of: name)
            switch (has(name, at: position), newValue) {
            case (true, let value?): members[position].value = value
            case (true, nil): members.remove(at: position)
            case (false, let value?): members.insert((key: name, value: value), at: position)
            case (false, nil): break
            }
        }
    }

    /// These members and those of `other`, whose values replace those of the same name.
    package func merging(_ other: JSONObject) -> JSONObject {
        JSONObject(members.map { ($0.key, $0.value) } + other.members.map { ($0.key, $0.value) })
    }

    /// The members that satisfy the condition.
    package func filter(_ isIncluded: (Element) throws -> Bool) rethrows -> JSONObject {
        var object = JSONObject()
        object.members = try members.filter(isIncluded)
        return object
    }

    /// The transformed values by name, without those that became nil.
    package func compactMapValues<Value>(_ transform: (JSON) throws -> Value?) rethrows -> [String: Value] {
        try members.reduce(into: [:]) { $0[$1.key] = try transform($1.value) }
    }

    /// The position of the first member whose name is not before `name`.
    private func position(of name: String) -> Int {
        var (low, high) = (0, members.count)
        while low < high {
            let middle = (low + high) / 2
            if members[middle].key.precedesInBytes(name) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func has(_ name: String, at position: Int) -> Bool {
        position < members.count && members[position].key.hasSameBytes(as: name)
    }
}

extension JSONObject: Hashable {
    package static func == (left: Self, right: Self) -> Bool {
        left.elementsEqual(right) { $0.key.hasSameBytes(as: $1.key) && $0.value == $1.value }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for member in members {
            hasher.combine(ExactText(member.key))
            hasher.combine(member.value)
        }
    }
}
