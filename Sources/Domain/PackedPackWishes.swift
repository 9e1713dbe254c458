/// The certificate packs that are wished in one zone, in as few bytes as they can be told in.
///
/// As values, ten thousand packs of two hosts are 3.5 MB in 40,000 pieces of the heap, for as long as the daemon lives,
/// and twice that while a reload reads the next ones. Like this they are a quarter of a megabyte, in one piece a zone.
/// They are unpacked for a pass and let go after it.
struct PackedPackWishes: Hashable, Sendable {
    /// For each pack: name, hosts, place of its authority and of its method, days, branding. Numbers are in groups of
    /// seven bits; a text is its length and its bytes, and a host's length says also whether the zone's name follows.
    private let bytes: [UInt8]
    let count: Int

    init(_ wishes: [PackWish], zone: String) {
        var writer = Writer(zone: Array(zone.utf8))
        for wish in wishes { writer.write(wish) }
        bytes = writer.bytes.withUnsafeBufferPointer(Array.init)  // without the room that growing left at its end
        count = wishes.count
    }

    var isEmpty: Bool { count == 0 }

    /// - Parameter zone: The name that they were packed with.
    func unpacked(zone: String) -> [PackWish] {
        var reader = Reader(bytes: bytes, zone: zone)
        return (0..<count).map { _ in reader.wish() }
    }

    private static let authorities = CertificateAuthority.allCases
    private static let methods = ValidationMethod.allCases

    private struct Writer {
        let zone: [UInt8]
        var bytes: [UInt8] = []

        mutating func write(_ wish: PackWish) {
            let name = Array(wish.name.utf8)
            write(UInt64(name.count))
            bytes += name
            write(UInt64(wish.hosts.count))
            for host in wish.hosts.names { write(host: Array(host.utf8)) }
            write(place(of: wish.authority, in: PackedPackWishes.authorities))
            write(place(of: wish.method, in: PackedPackWishes.methods))
            write(UInt64(bitPattern: Int64(wish.validityDays)))
            bytes.append(wish.branding ? 1 : 0)
        }

        private mutating func write(host: [UInt8]) {
            let isInZone = host.suffix(zone.count).elementsEqual(zone)
            let own = isInZone ? host.dropLast(zone.count) : host[...]
            write(UInt64(own.count) << 1 | (isInZone ? 1 : 0))
            bytes += own
        }

        private func place<Word: Equatable>(of word: Word, in words: [Word]) -> UInt64 {
            guard let place = words.firstIndex(of: word) else { preconditionFailure("allCases has not all cases") }
            return UInt64(place)
        }

        private mutating func write(_ number: UInt64) {
            var rest = number
            while rest > 0x7F {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(rest))
        }
    }

    /// Reads what ``Writer`` wrote, and nothing else: it never left this process.
    private struct Reader {
        let bytes: [UInt8]
        let zone: String
        var place = 0

        mutating func wish() -> PackWish {
            let name = text(count: Int(number()))
            let hosts = (0..<number()).map { _ in host() }
            return PackWish(
                name: name, hosts: HostSet(sorted: hosts), authority: PackedPackWishes.authorities[Int(number())],
                method: PackedPackWishes.methods[Int(number())], validityDays: Int(Int64(bitPattern: number())),
                branding: number() == 1)
        }

        private mutating func host() -> String {
            let length = number()
            let own = text(count: Int(length >> 1))
            if length & 1 == 0 { return own }
            return own.isEmpty ? zone : own + zone  // the zone's own name is one text for all its packs
        }

        private mutating func text(count: Int) -> String {
            defer { place += count }
            return String(decoding: bytes[place..<place + count], as: UTF8.self)
        }

        private mutating func number() -> UInt64 {
            var (number, shift) = (0 as UInt64, 0 as UInt64)
            while true {
                let byte = bytes[place]
                place += 1
                number |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return number }
                shift += 7
            }
        }
    }
}
