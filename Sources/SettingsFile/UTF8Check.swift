/// Finds out whether bytes are UTF-8.
enum UTF8Check {
    /// The place of the first byte that is not UTF-8 (no overlong form, no surrogate, nothing past U+10FFFF); nil when
    /// all of it is.
    static func firstFault(in bytes: [UInt8]) -> TextPlace? {
        var scanner = TOMLScanner(bytes)
        while let lead = scanner.next {
            let length = length(of: lead, second: scanner.ahead(1))
            guard length > 0 else { return scanner.place }
            let place = scanner.place
            for index in 0..<length {
                guard index == 0 || scanner.next.map({ $0 & 0xC0 == 0x80 }) == true else { return place }
                scanner.advance()
            }
        }
        return nil
    }

    /// The length of the scalar that begins with `lead`; 0 when none does. Table 3-7 of the Unicode standard.
    private static func length(of lead: UInt8, second: UInt8?) -> Int {
        let second = second ?? 0
        return switch lead {
        case 0x00...0x7F: 1
        case 0xC2...0xDF: 2
        case 0xE0: (0xA0...0xBF).contains(second) ? 3 : 0
        case 0xE1...0xEC, 0xEE, 0xEF: 3
        case 0xED: (0x80...0x9F).contains(second) ? 3 : 0
        case 0xF0: (0x90...0xBF).contains(second) ? 4 : 0
        case 0xF1...0xF3: 4
        case 0xF4: (0x80...0x8F).contains(second) ? 4 : 0
        default: 0
        }
    }
}
