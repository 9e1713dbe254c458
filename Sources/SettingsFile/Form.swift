/// What the value of one key may be, and how it is read.
struct Form<Value> {
    /// Completes the sentence "allowed is …".
    let allowed: String
    /// True where a person may have put a secret by mistake: what was found is then not shown.
    var isHidden = false
    let read: (TOMLValue) -> Reading<Value>
}

/// What came of reading one value.
enum Reading<Value> {
    case value(Value)
    /// - Parameter found: nil for the value as it stands.
    case refused(found: String? = nil, suggestion: String? = nil, hint: String? = nil)
}

extension TOMLValue {
    /// The value as a diagnostic shows it.
    var shown: String {
        switch content {
        case .string(let text): text.quoted
        case .integer(let number): "the number \(number)"
        case .float(let number): "the number \(number)"
        case .boolean(let value): "\(value)"
        case .date(let date): "the date \(date.text.clipped)"
        case .array(let array):
            array.items.isEmpty ? "an empty array" : array.isOfTables ? "an array of tables" : "an array"
        case .table: "a table"
        case .unread: "a value that could not be read"
        }
    }
}

extension Form<Bool> {
    static var truth: Form {
        Form(allowed: "true or false") { value in
            switch value.content {
            case .boolean(let truth): .value(truth)
            case .string("true"), .string("false"): .refused(hint: "without quotes")
            default: .refused()
            }
        }
    }
}

extension Form<Int> {
    static func integer(_ range: ClosedRange<Int>) -> Form {
        Form(allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)") { value in
            switch value.content {
            case .integer(let number):
                if let number = Int(exactly: number), range.contains(number) { .value(number) } else { .refused() }
            case .string(let text) where Int(text) != nil: .refused(hint: "without quotes")
            default: .refused()
            }
        }
    }

    static func oneOf(_ numbers: [Int]) -> Form {
        Form(allowed: numbers.map { String($0) }.joined(last: "or")) { value in
            switch value.content {
            case .integer(let number):
                if let number = Int(exactly: number), numbers.contains(number) { .value(number) } else { .refused() }
            case .string(let text) where Int(text) != nil: .refused(hint: "without quotes")
            default: .refused()
            }
        }
    }
}

extension Form<Double> {
    /// A number up to 1; a whole one will do.
    static func share(allowingZero: Bool) -> Form {
        let allowed = allowingZero ? "a number from 0 to 1" : "a number above 0, at most 1"
        return Form(allowed: allowed) { value in
            let number: Double
            switch value.content {
            case .float(let float): number = float
            case .integer(let integer): number = Double(integer)
            default: return .refused()
            }
            guard number <= 1, allowingZero ? number >= 0 : number > 0 else { return .refused() }
            return .value(number)
        }
    }
}

extension Form where Value: RawRepresentable<String> & CaseIterable {
    /// One of the words of an enumeration.
    static var word: Form {
        let words = Value.allCases.map(\.rawValue)
        return Form(allowed: words.map { "\"\($0)\"" }.joined(last: "or")) { value in
            guard case .string(let text) = value.content else { return .refused() }
            if let word = Value(rawValue: text) { return .value(word) }
            return .refused(suggestion: Suggestion.nearest(to: text, among: words))
        }
    }
}

extension Form<String> {
    /// A text of visible characters.
    static func text(upTo most: Int) -> Form {
        Form(allowed: "a text of 1 to \(most) visible characters") { value in
            guard case .string(let text) = value.content else { return .refused() }
            let isFit = !text.isEmpty && text.unicodeScalars.count <= most && text.isVisible && !text.hasOuterBlanks
            return isFit ? .value(text) : .refused(found: text.isEmpty ? "an empty text" : nil)
        }
    }

    /// An absolute path.
    /// - Parameter most: Bytes of UTF-8.
    static func path(upTo most: Int = 4095, isHidden: Bool = false) -> Form {
        Form(allowed: "an absolute path of at most \(most) bytes", isHidden: isHidden) { value in
            guard case .string(let text) = value.content else { return .refused() }
            guard text.hasPrefix("/") else { return .refused(hint: "an absolute path begins with '/'") }
            guard text.utf8.count <= most, text.isVisible else { return .refused() }
            return .value(text)
        }
    }
}

extension String {
    var hasOuterBlanks: Bool { first?.isWhitespace == true || last?.isWhitespace == true }
}
