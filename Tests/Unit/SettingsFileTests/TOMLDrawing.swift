@testable import SettingsFile

/// A document as lines of `key@place = value@place`, in the order of the text.
func drawing(of text: String) -> [String] { drawing(ofBytes: Array(text.utf8)) }

func drawing(ofBytes bytes: [UInt8]) -> [String] {
    let document = TOMLParser.parse(bytes)
    return document.troubles.map { "trouble@\(drawn($0.place))" } + lines(of: document.root, under: "")
}

/// The places of all troubles of a document.
func troubles(of text: String) -> [String] { TOMLParser.parse(Array(text.utf8)).troubles.map { drawn($0.place) } }

private func drawn(_ place: TextPlace) -> String { "\(place.line):\(place.column)" }

private func lines(of table: TOMLTable, under path: String) -> [String] {
    table.entries.flatMap { entry -> [String] in
        let key = "\(path)\(entry.key.text)"
        let start = "\(key)@\(drawn(entry.keyPlace))"
        switch entry.value.content {
        case .table(let inner):
            return ["\(start) = table@\(drawn(entry.value.place))"] + lines(of: inner, under: "\(key).")
        case .array(let array) where array.isOfTables:
            return array.items.enumerated().flatMap { index, item -> [String] in
                guard case .table(let inner) = item.content else { return ["not a table"] }
                return ["\(key)[\(index)] = table@\(drawn(item.place))"] + lines(of: inner, under: "\(key)[\(index)].")
            }
        default: return ["\(start) = \(drawn(entry.value))"]
        }
    }
}

private func drawn(_ value: TOMLValue) -> String {
    let text =
        switch value.content {
        case .string(let text): "'\(text)'"
        case .integer(let number): "\(number)"
        case .float(let number): "\(number)"
        case .boolean(let truth): "\(truth)"
        case .date(let date): "\(date.kind) \(date.text)"
        case .array(let array): "[\(array.items.map(drawn).joined(separator: ", "))]"
        case .table(let table): "{\(lines(of: table, under: "").joined(separator: ", "))}"
        case .unread: "unread"
        }
    return "\(text)@\(drawn(value.place))"
}
