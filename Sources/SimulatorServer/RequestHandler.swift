import CloudflareModel
import Domain
import NIOCore
import NIOHTTP1

/// Gathers one request, has it answered, and acts out the reply's fate on the socket.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let bodyLimit = 1 << 20

    private let simulator: Simulator
    private let breaker: ConnectionBreaker
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLong = false

    init(simulator: Simulator, breaker: ConnectionBreaker) { (self.simulator, self.breaker) = (simulator, breaker) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): (self.head, body, isTooLong) = (head, [], false)
        case .body(let part):
            isTooLong = isTooLong || body.count + part.readableBytes > Self.bodyLimit
            if !isTooLong { body.append(contentsOf: part.readableBytesView) }
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that leaves in the middle, or speaks no TLS: its connection ends, the others go on.
        context.close(promise: nil)
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard !isTooLong else {
            return send(ModelReply(status: 413), for: head, isLast: true, context)
        }
        let reply = simulator.reply(
            to: ModelRequest(
                method: head.method.rawValue, target: head.uri,
                authorization: head.headers.first(name: "Authorization"),
                contentType: head.headers.first(name: "Content-Type"), body: body))
        body = []
        switch reply.fate {
        case .normal: send(reply, for: head, isLast: !head.isKeepAlive, context)
        case .resetBefore, .resetAfter: breaker.breakConnection(isReset: true)
        case .truncate(let bytes): truncate(reply, at: bytes, for: head, context)
        case .delay(let span):
            let context = NIOLoopBound(context, eventLoop: context.eventLoop)
            let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(span.wholeMilliseconds)) {
                guard context.value.channel.isActive else { return }
                handler.value.send(reply, for: head, isLast: !head.isKeepAlive, context.value)
            }
        }
    }

    private func send(_ reply: ModelReply, for head: HTTPRequestHead, isLast: Bool, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(responseHead(reply, for: head, isLast: isLast))), promise: nil)
        if head.method != .HEAD, !reply.body.isEmpty {
            let buffer = context.channel.allocator.buffer(bytes: reply.body)
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        }
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated()
        if isLast { written.whenComplete { _ in context.close(promise: nil) } }
    }

    /// Promises the whole body, sends a part of it, and leaves.
    private func truncate(
        _ reply: ModelReply, at count: Int, for head: HTTPRequestHead, _ context: ChannelHandlerContext
    ) {
        context.write(wrapOutboundOut(.head(responseHead(reply, for: head, isLast: true))), promise: nil)
        let buffer = context.channel.allocator.buffer(bytes: reply.body.prefix(max(0, count)))
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer)))).assumeIsolated().whenComplete { _ in
            self.breaker.breakConnection(isReset: false)
        }
    }

    private func responseHead(_ reply: ModelReply, for head: HTTPRequestHead, isLast: Bool) -> HTTPResponseHead {
        var headers = HTTPHeaders(reply.headers.map { ($0.name, $0.value) })
        headers.add(name: "Content-Length", value: String(reply.body.count))
        if isLast { headers.add(name: "Connection", value: "close") }
        return HTTPResponseHead(
            version: head.version, status: HTTPResponseStatus(statusCode: reply.status), headers: headers)
    }
}
