import CSQLite
import Engine
import Glibc

extension StoreTrouble {
    /// The trouble that a result code of SQLite stands for.
    ///
    /// What is left over (a statement that cannot be prepared, a constraint that is broken) cannot happen on a sound
    /// database of this schema, and is taken for corruption.
    init(code: Int32, message: String, path: String) {
        let detail = "\(message) (SQLite \(code))"
        switch code & 0xff {
        case SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY, SQLITE_TOOBIG, SQLITE_NOMEM:
            self = .unwritable(path: path, detail: detail)
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: self = .busy(path: path)
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: self = .unopenable(path: path, detail: detail)
        default: self = .corrupt(path: path, detail: detail)
        }
    }

    /// The trouble that a failed call of the system stands for.
    init(errno number: Int32, doing what: String, path: String) {
        let detail = "\(what): \(String(cString: strerror(number)))"
        switch number {
        case ENOSPC, EDQUOT, EROFS, EIO, EFBIG: self = .unwritable(path: path, detail: detail)
        default: self = .unopenable(path: path, detail: detail)
        }
    }
}
