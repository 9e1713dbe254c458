import Glibc

/// Lets this one thread reach files as another user, who is in a group and owns nothing.
enum OtherUser {
    static let group: UInt32 = 54_321
    private static let user: UInt32 = 54_322

    static var isPossible: Bool { geteuid() == 0 && setter("setfsuid") != nil }

    /// `body` must not leave its thread.
    static func run<Result>(_ body: () throws -> Result) throws -> Result {
        guard let setUser = setter("setfsuid"), let setGroup = setter("setfsgid") else { return try body() }
        _ = (setGroup(group), setUser(user))
        defer { _ = (setUser(0), setGroup(0)) }
        return try body()
    }

    private typealias Setter = @convention(c) (UInt32) -> Int32

    /// The two calls are per thread, which suits tests side by side; Glibc's module does not import them.
    private static func setter(_ name: String) -> Setter? {
        dlsym(nil, name).map { unsafeBitCast($0, to: Setter.self) }
    }
}

extension Scratch {
    /// Gives the folder and what is in it to a group, as a service's state folder is.
    func give(to group: UInt32) {
        for path in [folder] + names().map({ "\(folder)/\($0)" }) { lchown(path, 0, group) }
    }
}
