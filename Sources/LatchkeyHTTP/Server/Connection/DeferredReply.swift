internal import LatchkeyNet

/// The right to answer one request from anywhere, once. Dropped silently when the caller has gone.
package struct DeferredReply: Sendable {
    let loop: LoopHandle
    let channel: ChannelID
    let sequence: UInt64
    let isHead: Bool
    let closes: Bool
    let confirmsKeepAlive: Bool
    let disconnectFlag: DisconnectFlag

    /// False once the caller has closed its end: nobody may be reading any more. A caller that only stopped writing
    /// looks the same, and still gets what is sent.
    package var isAwaited: Bool { disconnectFlag.isConnected }

    /// Sends the reply when its turn has come and there is room for it. Until then `render` is kept, so it should hold
    /// what it renders by reference; it runs on the connection's own loop, or never where the caller has gone.
    package func send(_ render: @escaping @Sendable (ReplyWriter) -> Void) {
        loop.submit { loop in
            (loop.handler(for: channel) as? ServerConnection)?.complete(self, render: render, on: loop)
        }
    }
}
