/// How a text is laid out for where it goes.
public struct TextStyle: Hashable, Sendable {
    /// Columns of the terminal; nil cuts nothing off.
    public var width: Int?
    public var isColoured: Bool

    public init(width: Int? = nil, isColoured: Bool = false) { (self.width, self.isColoured) = (width, isColoured) }

    enum Colour: String {
        case red = "31"
        case yellow = "33"
        case green = "32"
        case cyan = "36"
        case dim = "2"
        case bold = "1"
    }

    func paint(_ text: String, _ colour: Colour?) -> String {
        guard isColoured, let colour, !text.isEmpty else { return text }
        return "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m"
    }

    /// The text without anything that a terminal would obey: much of what is shown comes from outside.
    public static func plain(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{fffd}" : $0 }))
    }

    /// Control characters, and the marks that turn the direction of writing.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029, 0x202a...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}

/// Rows of cells under a heading, each column as wide as it has to be; the last one gives way to the terminal.
struct Table {
    struct Cell {
        var text: String
        var colour: TextStyle.Colour?
        init(_ text: String, _ colour: TextStyle.Colour? = nil) {
            (self.text, self.colour) = (TextStyle.plain(text), colour)
        }
    }

    private let heading: [String]
    private var rows: [[Cell]] = []

    init(_ heading: String...) { self.heading = heading }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ cells: Cell...) { rows.append(cells) }

    /// Every line with its end; nothing for an empty table.
    func text(_ style: TextStyle) -> String {
        guard !rows.isEmpty else { return "" }
        let widths = heading.indices.map { column in
            rows.reduce(heading[column].count) { max($0, $1[column].text.count) }
        }
        let head = heading.map { Cell($0, .bold) }
        return ([head] + rows).map { line($0, widths, style) }.joined()
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ style: TextStyle) -> String {
        var line = ""
        var used = 0
        for (column, cell) in cells.enumerated() {
            var text = cell.text
            let isLast = column == cells.count - 1
            if isLast, let width = style.width {
                let room = max(20, width - used)
                if text.count > room { text = text.prefix(room - 1) + "…" }
            }
            let padding = isLast ? 0 : widths[column] - text.count + 2
            line += style.paint(text, cell.colour) + String(repeating: " ", count: max(0, padding))
            used += text.count + padding
        }
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }
}

/// Names with values beside each other, as `show` and `why` print them.
struct Facts {
    private var lines: [(name: String, value: String, colour: TextStyle.Colour?)] = []

    mutating func add(_ name: String, _ value: String?, _ colour: TextStyle.Colour? = nil) {
        guard let value, !value.isEmpty else { return }
        lines.append((name, TextStyle.plain(value), colour))
    }

    func text(_ style: TextStyle, indent: Int = 0) -> String {
        let width = lines.reduce(0) { max($0, $1.name.count) }
        return lines.map { line in
            let name = line.name + String(repeating: " ", count: width - line.name.count)
            return String(repeating: " ", count: indent) + style.paint(name, .dim) + "  "
                + style.paint(line.value, line.colour) + "\n"
        }.joined()
    }
}
