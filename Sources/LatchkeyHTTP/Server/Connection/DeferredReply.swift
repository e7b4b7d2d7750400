internal import LatchkeyNet

/// The right to answer one request later, from any thread. The reply is dropped when the connection is closed.
///
/// It can be copied, because closures that outlive the call must hold it. The first reply counts (``ReplyQueue``).
package struct DeferredReply: Sendable {
    let loop: LoopHandle
    /// Nil for a connection that is not registered, and so gets no reply.
    let channel: ChannelID?
    let sequence: UInt64
    let isHead: Bool
    let closes: Bool
    let confirmsKeepAlive: Bool
    let disconnectFlag: DisconnectFlag

    /// False after the peer has closed its side. A peer that has only finished sending looks the same, and still receives
    /// the reply.
    package var isCallerConnected: Bool { disconnectFlag.isConnected }

    /// Lets the request be handled again (``RequestContext/handleAgain(_:start:)``). Nothing is sent.
    package func resume() { send { ReplyReceipt($0.buffer) } }

    /// Sends the reply, in the order of the requests and when there is room for it.
    ///
    /// - Parameter render: writes the reply. It is kept until then, so it should hold large data by reference. It runs on
    ///   the event loop of the connection, or never when the connection is closed.
    package func send(_ render: @escaping ReplyQueue.Renderer) {
        guard let channel else { return }
        loop.submit { loop in
            (loop.handler(for: channel) as? ServerConnection)?.complete(self, render: render, on: loop)
        }
    }
}
