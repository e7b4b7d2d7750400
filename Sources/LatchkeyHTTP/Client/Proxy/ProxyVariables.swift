/// The proxy variables of an environment, read as Python's urllib and so botocore reads them.
package enum ProxyVariables {
    /// The value in force of each kind, `https`, `http` and `no`, and the name it has in the environment.
    ///
    /// A name counts in any case; the one that ends in `_proxy` as it stands there wins, and takes the others away where
    /// it is empty. Under CGI `HTTP_PROXY` could be a caller's header, and is passed over.
    package static func effective(_ environment: [String: String]) -> [String: (name: String, value: String)] {
        let suffix = "_proxy"
        var found: [String: (name: String, value: String)] = [:]
        let named = environment.filter { $0.key.count > suffix.count && $0.key.lowercased().hasSuffix(suffix) }
            .sorted { $0.key < $1.key }
        for (name, value) in named where !value.isEmpty { found[kind(name)] = (name, value) }
        if environment["REQUEST_METHOD"] != nil { found["http"] = nil }
        for (name, value) in named where name.hasSuffix(suffix) {
            found[kind(name)] = value.isEmpty ? nil : (name, value)
        }
        return found
    }

    private static func kind(_ name: String) -> String { name.dropLast("_proxy".count).lowercased() }
}
