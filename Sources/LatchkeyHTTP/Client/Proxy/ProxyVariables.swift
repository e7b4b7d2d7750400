/// Reads the proxy variables of an environment like Python's urllib, and so like botocore.
package enum ProxyVariables {
    /// The effective value of each kind (`https`, `http`, `no`), with the name of its variable.
    ///
    /// Names have no case. A name that ends in lower-case `_proxy` takes precedence; an empty value removes the others.
    /// `HTTP_PROXY` is ignored under CGI, where it could come from a `Proxy` field of a request.
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
