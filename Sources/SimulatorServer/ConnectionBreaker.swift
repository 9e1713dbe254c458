import NIOCore
import NIOPosix

/// Sits next to the socket, beneath TLS, and can end the connection without a farewell.
final class ConnectionBreaker: ChannelInboundHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any

    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Closes the socket. With `isReset` the peer gets a reset (RST) instead of an end (FIN).
    func breakConnection(isReset: Bool) {
        guard let context else { return }
        guard isReset, let options = context.channel as? any SocketOptionProvider else {
            return context.close(promise: nil)
        }
        // A linger time of zero drops what is still to be sent, and answers the peer with a reset.
        options.unsafeSetSocketOption(level: .socket, name: .so_linger, value: Linger()).assumeIsolated().whenComplete {
            _ in
            self.context?.close(promise: nil)
        }
    }
}

/// The C library's `struct linger`, whose own name is not to be had here: two ints, on, and the seconds.
private struct Linger: Sendable {
    var isOn: CInt = 1
    var seconds: CInt = 0
}
