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
///
/// Where a terminal is so narrow that hardly anything would be left of the last column, it goes on lines of its own below
/// the others, whole; if they are too wide even so, the widest are shortened in their middle.
struct Table {
    struct Cell {
        var text: String
        var colour: TextStyle.Colour?
        /// Half a time is none: its column gives way to no terminal.
        var isWhole = false

        init(_ text: String, _ colour: TextStyle.Colour? = nil) {
            (self.text, self.colour) = (TextStyle.plain(text), colour)
        }

        static func time(_ text: String) -> Cell {
            var cell = Cell(text)
            cell.isWhole = true
            return cell
        }
    }

    private let heading: [String]
    private var rows: [[Cell]] = []

    init(_ heading: String...) { self.heading = heading }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ cells: Cell...) { rows.append(cells) }

    /// What the last column has at least, unless all of it is shorter.
    private static let leastLast = 24
    private static let leastColumn = 8
    private static let gap = 2
    private static let indent = 4

    /// Every line with its end; nothing for an empty table.
    func text(_ style: TextStyle) -> String {
        guard !rows.isEmpty else { return "" }
        let widths = heading.indices.map { column in
            rows.reduce(heading[column].count) { max($0, $1[column].text.count) }
        }
        let lines = [heading.map { Cell($0, .bold) }] + rows
        let others = widths.dropLast().reduce(0) { $0 + $1 + Self.gap }
        guard let width = style.width, widths.count > 1, others + min(widths.last ?? 0, Self.leastLast) > width else {
            return lines.map { line($0, widths, style) }.joined()
        }
        let whole = Set(widths.indices.filter { column in rows.contains { $0[column].isWhole } })
        let narrow = Self.narrowed(Array(widths.dropLast()), whole, to: width)
        return lines.map { cells in
            let first = zip(cells.dropLast(), narrow).map { Cell(Self.shortened($0.text, to: $1), $0.colour) }
            return line(first, narrow, TextStyle(isColoured: style.isColoured)) + below(cells.last, width, style)
        }.joined()
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ style: TextStyle) -> String {
        var line = ""
        var used = 0
        for (column, cell) in cells.enumerated() {
            var text = cell.text
            let isLast = column == cells.count - 1
            if isLast, let width = style.width {
                let room = max(1, width - used)
                if text.count > room { text = text.prefix(room - 1) + "…" }
            }
            let padding = isLast ? 0 : widths[column] - text.count + Self.gap
            line += style.paint(text, cell.colour) + String(repeating: " ", count: max(0, padding))
            used += text.count + padding
        }
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }

    // MARK: Narrow

    /// The cell on lines of its own, broken between words.
    private func below(_ cell: Cell?, _ width: Int, _ style: TextStyle) -> String {
        guard let cell, !cell.text.isEmpty else { return "" }
        let room = max(Self.leastColumn, width - Self.indent)
        var lines: [String] = []
        var line = ""
        for word in cell.text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > room {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        lines.append(line)
        let margin = String(repeating: " ", count: Self.indent)
        return lines.map { margin + style.paint($0, cell.colour) + "\n" }.joined()
    }

    /// The widest columns give way until all fit, none below a least width, and the `whole` ones not at all.
    private static func narrowed(_ widths: [Int], _ whole: Set<Int>, to width: Int) -> [Int] {
        var widths = widths
        let flexible = widths.indices.filter { !whole.contains($0) }
        func excess() -> Int { widths.reduce(0, +) + gap * (widths.count - 1) - width }
        while excess() > 0, let place = flexible.max(by: { (widths[$0], $1) < (widths[$1], $0) }),
            case let widest = widths[place], widest > leastColumn
        {
            let next = flexible.map { widths[$0] }.filter { $0 < widest }.max() ?? leastColumn
            widths[place] = max(widest - excess(), min(next, widest - 1), leastColumn)
        }
        return widths
    }

    /// Begin and end are kept: in a subject they say the zone and the name.
    private static func shortened(_ text: String, to width: Int) -> String {
        guard text.count > width, width > 1 else { return text }
        let head = (width - 1) / 2
        return "\(text.prefix(head))…\(text.suffix(width - 1 - head))"
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
