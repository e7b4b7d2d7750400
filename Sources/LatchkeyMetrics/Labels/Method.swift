/// A request method.
package enum Method: Int, Label {
    case get, head, post
    /// A method that no route accepts.
    case other

    package var label: String {
        switch self {
        case .get: "get"
        case .head: "head"
        case .post: "post"
        case .other: "other"
        }
    }
}
