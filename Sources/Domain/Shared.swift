/// A value that is kept beside its owner: a copy of the owner shares it, until one of them is given another.
///
/// Records are passed on far more often than they change. A copy of one that keeps its larger parts like this costs a
/// reference each, instead of one for every text in them.
@propertyWrapper
public struct Shared<Value: Hashable & Sendable>: Hashable, Sendable {
    @usableFromInline
    final class Box: Sendable {
        @usableFromInline let value: Value
        @inlinable init(_ value: Value) { self.value = value }
    }

    @usableFromInline var box: Box

    @inlinable public init(wrappedValue: Value) { box = Box(wrappedValue) }

    @inlinable public var wrappedValue: Value {
        get { box.value }
        set { box = Box(newValue) }
    }

    @inlinable public static func == (left: Self, right: Self) -> Bool {
        left.box === right.box || left.box.value == right.box.value
    }

    @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(box.value) }
}
