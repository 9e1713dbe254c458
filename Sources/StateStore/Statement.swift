import CSQLite
import Domain
import Engine

/// What a column holds.
enum Value: Hashable {
    case null
    case integer(Int64)
    case text(String)

    init(_ text: String?) { self = text.map(Value.text) ?? .null }
    init(_ number: Int?) { self = number.map { .integer(Int64($0)) } ?? .null }
    init(_ moment: Timestamp?) { self = moment.map { .integer($0.unixMilliseconds) } ?? .null }
    init(_ flag: Bool) { self = .integer(flag ? 1 : 0) }
}

/// One prepared statement.
final class Statement {
    let pointer: OpaquePointer
    let path: String
    fileprivate(set) var isInUse = false

    init(_ pointer: OpaquePointer, path: String) { (self.pointer, self.path) = (pointer, path) }
    deinit { sqlite3_finalize(pointer) }

    func bind(_ values: [Value]) throws(StoreTrouble) {
        precondition(values.count == Int(sqlite3_bind_parameter_count(pointer)))
        for (index, value) in zip(Int32(1)..., values) {
            let code =
                switch value {
                case .null: sqlite3_bind_null(pointer, index)
                case .integer(let number): sqlite3_bind_int64(pointer, index, number)
                case .text(let text): Self.bind(text, at: index, of: pointer)
                }
            guard code == SQLITE_OK else { throw trouble(code) }
        }
    }

    private static func bind(_ text: String, at index: Int32, of pointer: OpaquePointer) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            // An empty text may have no address, and a null address would be bound as NULL.
            guard !bytes.isEmpty else { return sqlite3_bind_text64(pointer, index, "", 0, copied, UInt8(SQLITE_UTF8)) }
            return bytes.withMemoryRebound(to: CChar.self) { characters in
                sqlite3_bind_text64(
                    pointer, index, characters.baseAddress, UInt64(bytes.count), copied, UInt8(SQLITE_UTF8))
            }
        }
    }

    func trouble(_ code: Int32) -> StoreTrouble {
        StoreTrouble(code: code, message: String(cString: sqlite3_errmsg(sqlite3_db_handle(pointer))), path: path)
    }
}

/// The rows of a statement that is being run. While this lives the statement is not used for anything else.
final class Rows {
    private let statement: Statement
    private let table: String

    init(_ statement: Statement, table: String) {
        (self.statement, self.table) = (statement, table)
        statement.isInUse = true
    }

    deinit {
        sqlite3_reset(statement.pointer)  // its code repeats that of the last step, which was thrown
        sqlite3_clear_bindings(statement.pointer)
        statement.isInUse = false
    }

    /// The next row, good until the next call; nil past the last.
    func next() throws(StoreTrouble) -> Row? {
        switch sqlite3_step(statement.pointer) {
        case SQLITE_ROW: Row(statement: statement, table: table)
        case SQLITE_DONE: nil
        // Nothing as long as this was ever written: what refuses a long text refuses it then.
        case SQLITE_TOOBIG where sqlite3_stmt_readonly(statement.pointer) != 0:
            throw .corrupt(path: statement.path, detail: "\(table): a row is too big to have been written here")
        case let code: throw statement.trouble(code)
        }
    }
}

/// One row under a cursor. Columns are checked for their types: whatever does not fit is corruption that names the
/// table, the row and the column, and never a shorter answer.
struct Row {
    fileprivate let statement: Statement
    let table: String

    func text(_ column: Int) throws(StoreTrouble) -> String {
        guard let text = try optionalText(column) else { throw broken(column, "is missing") }
        return text
    }

    func optionalText(_ column: Int) throws(StoreTrouble) -> String? {
        switch type(of: column) {
        case SQLITE_NULL: return nil
        case SQLITE_TEXT: return try anyText(column)
        default: throw broken(column, "is not a text")
        }
    }

    /// Whatever is there, as a text.
    func anyText(_ column: Int) throws(StoreTrouble) -> String? {
        guard let bytes = bytes(column) else { return nil }
        guard let text = String(utf8: bytes) else { throw broken(column, "is not UTF-8") }
        return text
    }

    func integer(_ column: Int) throws(StoreTrouble) -> Int64 {
        guard let number = try optionalInteger(column) else { throw broken(column, "is missing") }
        return number
    }

    func optionalInteger(_ column: Int) throws(StoreTrouble) -> Int64? {
        switch type(of: column) {
        case SQLITE_NULL: return nil
        case SQLITE_INTEGER: return sqlite3_column_int64(statement.pointer, Int32(column))
        default: throw broken(column, "is not a number")
        }
    }

    func count(_ column: Int) throws(StoreTrouble) -> Int { Int(clamping: try integer(column)) }

    func flag(_ column: Int) throws(StoreTrouble) -> Bool {
        switch try integer(column) {
        case 0: false
        case 1: true
        default: throw broken(column, "is neither 0 nor 1")
        }
    }

    func moment(_ column: Int) throws(StoreTrouble) -> Timestamp { Timestamp(unixMilliseconds: try integer(column)) }

    func optionalMoment(_ column: Int) throws(StoreTrouble) -> Timestamp? {
        try optionalInteger(column).map(Timestamp.init(unixMilliseconds:))
    }

    /// One of the words that a type knows.
    func word<Word: RawRepresentable>(_ column: Int) throws(StoreTrouble) -> Word where Word.RawValue == String {
        let text = try text(column)
        guard let word = Word(rawValue: text) else { throw broken(column, "is '\(text)', which is no \(Word.self)") }
        return word
    }

    /// A text of ``PackedText``, unpacked.
    func packed<Item>(
        _ column: Int, _ unpack: (Packed) throws(Unreadable) -> Item
    ) throws(StoreTrouble) -> Item {
        guard type(of: column) == SQLITE_TEXT, let bytes = bytes(column) else { throw broken(column, "is missing") }
        do {
            return try unpack(try PackedText.read(Array(bytes)))
        } catch {
            throw broken(column, "cannot be read: \(error.what)")
        }
    }

    func broken(_ column: Int, _ what: String) -> StoreTrouble {
        let name = sqlite3_column_name(statement.pointer, Int32(column)).map { String(cString: $0) } ?? "\(column)"
        // What is there may be of any length; it is told so that a person finds the place.
        let start = what.unicodeScalars.prefix(200)
        let told = start.endIndex == what.endIndex ? what : String(start) + "…"
        return .corrupt(path: statement.path, detail: "\(table) \(key): \(name) \(told)")
    }

    /// The row's key: by custom the texts that a statement selects first, three at most.
    private var key: String {
        let columns = Int(sqlite3_column_count(statement.pointer))
        let parts = (0..<min(columns, 3)).prefix { type(of: $0) == SQLITE_TEXT }.compactMap { bytes($0) }
        return parts.map { String(decoding: $0.prefix(100), as: UTF8.self) }.joined(separator: "/")
    }

    private func type(of column: Int) -> Int32 { sqlite3_column_type(statement.pointer, Int32(column)) }

    private func bytes(_ column: Int) -> UnsafeBufferPointer<UInt8>? {
        guard let start = sqlite3_column_text(statement.pointer, Int32(column)) else { return nil }
        return UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement.pointer, Int32(column))))
    }
}

/// Tells SQLite to copy a text before the call returns: the C macro `SQLITE_TRANSIENT`, which is not imported.
private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
