internal import LatchkeyHTTP

/// The right to answer one request of the API later, from any thread. The response is recorded when it is rendered.
struct DeferredAnswer: Sendable {
    private let deferred: DeferredReply
    private let request: AnswerRecorder.Request
    private let recorder: AnswerRecorder

    init(_ deferred: DeferredReply, _ request: AnswerRecorder.Request, _ recorder: AnswerRecorder) {
        self.deferred = deferred
        self.request = request
        self.recorder = recorder
    }

    /// Whether the caller is still connected.
    var isCallerConnected: Bool { deferred.isCallerConnected }

    /// Sends the response.
    ///
    /// - Parameter write: runs on the event loop of the connection, when all responses before this one have left.
    func send(_ write: @escaping @Sendable (consuming APIReply) -> ReplyReceipt) {
        deferred.send { [request, recorder] writer in
            recorder.recording(write(APIReply(writer, request.id)), request)
        }
    }
}
