/// The parameter that a read asks for: a name or an ARN, optionally with `:version` or `:label`.
struct ParameterReference {
    enum Selector: Hashable {
        case version(Int64)
        case label(String)

        /// The member `Selector` of a response.
        var text: String {
            switch self {
            case .version(let number): ":\(number)"
            case .label(let label): ":\(label)"
            }
        }
    }

    /// The possible names: an ARN is the same for `a/b` and `/a/b`.
    let names: [String]
    let selector: Selector?

    init(_ text: String) {
        var path = Substring(text)
        var isARN = false
        let pieces = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        if pieces.count == 6, pieces[0] == "arn", pieces[2] == "ssm", pieces[5].hasPrefix("parameter/") {
            path = pieces[5].dropFirst("parameter/".count)
            isARN = true
        }
        let halves = path.split(separator: ":", maxSplits: 1)
        let name = halves.first.map(String.init) ?? ""
        names = isARN ? ["/" + name, name] : [name]
        selector = halves.count > 1 ? Int64(halves[1]).map { .version($0) } ?? .label(String(halves[1])) : nil
    }
}
