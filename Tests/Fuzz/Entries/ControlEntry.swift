import Domain
import FoundationEssentials

@testable import ControlAPI

/// However the bytes are cut, the same messages come out of them; each is a call with parameters, an error of the
/// protocol that names the method, interface or parameter, or the end of the connection.
func fuzzControl(_ bytes: [UInt8]) throws(Fault) {
    let whole = framed(bytes, piece: max(1, bytes.count))
    for piece in [1, 7, 64] {
        try demand(framed(bytes, piece: piece) == whole, "in pieces of \(piece) bytes other messages come out")
    }
    for message in whole.messages {
        try judgeCall(message)
        try judgeReply(message)
    }
}

private struct Framed: Equatable {
    var messages: [[UInt8]] = []
    var trouble: MessageFraming.Trouble?
}

private func framed(_ bytes: [UInt8], piece: Int) -> Framed {
    var (framing, found, rest) = (MessageFraming(limit: 2048), Framed(), bytes[...])
    while !rest.isEmpty {
        framing.append(rest.prefix(piece))
        rest = rest.dropFirst(piece)
        do throws(MessageFraming.Trouble) {
            while let message = try framing.next() { found.messages.append(message) }
        } catch {
            found.trouble = error
            return found
        }
    }
    return found
}

private func judgeCall(_ message: [UInt8]) throws(Fault) {
    guard let header = CallHeader(message) else { return }
    let outcome = Result { () throws(ControlTrouble) in try answer(header, message) }
    switch outcome {
    case .success(let isSame): try demand(isSame, "parameters are others when they are written and read again")
    case .failure(let trouble): try judge(trouble, of: header)
    }
}

/// False when the call's parameters are not the same after they were written out and read again.
private func answer(_ header: CallHeader, _ message: [UInt8]) throws(ControlTrouble) -> Bool {
    if try ServiceDescription(version: "0").answer(header, message) != nil { return true }
    let call = ControlCall(
        method: try ControlMethod(qualifiedName: header.method), peer: PeerCredentials(uid: 0, gid: 0),
        wantsMore: header.more ?? false, message: message)
    return try readParameters(of: call)
}

private func readParameters(of call: ControlCall) throws(ControlTrouble) -> Bool {
    switch call.method {
    case .status, .reload: try again(call, NoParameters.self)
    case .list: try again(call, ListParameters.self)
    case .show, .why, .release, .unhold: try again(call, SubjectParameters.self)
    case .history, .orders, .audit: try again(call, HistoryParameters.self)
    case .records, .plan, .reconcile, .resume: try again(call, ScopeParameters.self)
    case .watch: try again(call, WatchParameters.self)
    case .adopt: try again(call, AdoptParameters.self)
    case .approve: try again(call, ApproveParameters.self)
    case .suspend: try again(call, SuspendParameters.self)
    case .revoke, .reactivate: try again(call, RevokeParameters.self)
    }
}

private func again<Parameters: Codable & Hashable>(
    _ call: ControlCall, _ type: Parameters.Type
) throws(ControlTrouble) -> Bool {
    let found = try call.parameters(type)
    let message = Array(#"{"method":"m","parameters":"#.utf8) + (try ControlPayload(found)).bytes + Array("}".utf8)
    let copy = ControlCall(method: call.method, peer: call.peer, wantsMore: call.wantsMore, message: message)
    return try copy.parameters(type) == found
}

private func judge(_ trouble: ControlTrouble, of header: CallHeader) throws(Fault) {
    switch trouble {
    case .invalidParameter(let name): try demand(!name.isEmpty, "no parameter is named")
    case .methodNotFound(let name):
        try demand(header.method.hasSuffix(name), "the method \(name) is named, not \(header.method)")
    case .interfaceNotFound(let name): try demand(name != ControlInterface.name, "our own interface is not found")
    case .expectedMore, .told, .callerLeft: break
    }
    let reply = ReplyMessage.error(trouble)
    try demand(reply.last == 0 && !reply.dropLast().contains(0), "the reply does not end with its first NUL")
    let body: ErrorBody
    do {
        body = try JSONDecoder().decode(ErrorBody.self, from: Data(reply.dropLast()))
    } catch {
        throw Fault(description: "the caller cannot read the error reply: \(error)")
    }
    try demand(ControlTrouble(body) == trouble, "the caller would read \(ControlTrouble(body)), not \(trouble)")
}

/// The tool reads what the daemon, or whoever sits at the socket's path, says.
private func judgeReply(_ message: [UInt8]) throws(Fault) {
    do {
        _ = ControlTrouble(try JSONDecoder().decode(ErrorBody.self, from: Data(message))).explanation
    } catch is DecodingError {
        // Told to the person as what it is: the reply cannot be read.
    } catch {
        throw Fault(description: "a reply is refused by something else than its decoding: \(error)")
    }
}
