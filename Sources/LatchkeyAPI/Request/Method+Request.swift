internal import LatchkeyBroker
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Method {
    /// The method as routes and metrics name it.
    init(_ method: RequestMethod) {
        self =
            switch method {
            case .get: .get
            case .head: .head
            case .post: .post
            case .put, .delete, .options, .other: .other
            }
    }
}
