import Domain

@testable import StateStore

/// What a column holds is read, and is the same when it is written and read again; or it is refused with words that say
/// what is missing.
func fuzzRows(_ bytes: [UInt8]) throws(Fault) {
    guard let form = bytes.first else { return }
    switch Result(catching: { () throws(Unreadable) in try read(form, Array(bytes.dropFirst())) }) {
    case .success(let isSame): try demand(isSame, "what was read is another thing when it is written and read again")
    case .failure(let trouble): try demand(!trouble.what.isEmpty, "it is not said what cannot be read")
    }
}

private func read(_ form: UInt8, _ text: [UInt8]) throws(Unreadable) -> Bool {
    let packed = try PackedText.read(text)
    switch form {
    case UInt8(ascii: "a"): return try again(Action(packed), \.packed, Action.init)
    case UInt8(ascii: "d"): return try again(Decision(packed), \.packed, Decision.init)
    case UInt8(ascii: "p"): return try again(PackWish(packed), \.packed, PackWish.init)
    case UInt8(ascii: "c"): return try again(ClientCertificateWish(packed), \.packed, ClientCertificateWish.init)
    case UInt8(ascii: "m"): return try packed.moments("at").count >= 0
    default:
        let traits = try Traits(packed)
        return try Traits(PackedText.read(Array(traits.text.utf8))) == traits
    }
}

private func again<Thing: Equatable>(
    _ thing: Thing, _ packed: (Thing) -> Packed, _ unpack: (Packed) throws(Unreadable) -> Thing
) throws(Unreadable) -> Bool {
    let text = PackedText.write(["thing": packed(thing)])
    return try unpack(PackedText.read(Array(text.utf8)).need("thing")) == thing
}
