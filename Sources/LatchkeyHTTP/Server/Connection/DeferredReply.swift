internal import LatchkeyNet

/// The right to answer one request later, once, from any thread. The reply is dropped when the connection is closed.
package struct DeferredReply: Sendable {
    let loop: LoopHandle
    let channel: ChannelID
    let sequence: UInt64
    let isHead: Bool
    let closes: Bool
    let confirmsKeepAlive: Bool
    let disconnectFlag: DisconnectFlag

    /// False after the peer has closed its side. A peer that has only finished sending looks the same, and still receives
    /// the reply.
    package var isCallerConnected: Bool { disconnectFlag.isConnected }

    /// Sends the reply, in the order of the requests and when there is room for it.
    ///
    /// - Parameter render: writes the reply. It is kept until then, so it should hold large data by reference. It runs on
    ///   the event loop of the connection, or never when the connection is closed.
    package func send(_ render: @escaping @Sendable (ReplyWriter) -> Void) {
        loop.submit { loop in
            (loop.handler(for: channel) as? ServerConnection)?.complete(self, render: render, on: loop)
        }
    }
}
