/// The interface `io.edgecert.Control` and the service that has it, as they describe themselves.
///
/// The text is the contract for other people's programs: members may be added to replies, none is renamed or removed.
public enum ControlInterface {
    public static let name = "io.edgecert.Control"
    static let serviceName = "org.varlink.service"

    public static let description = """
        # What edgecertd keeps, why, and what a person may have it do.
        #
        # Moments are RFC 3339 in UTC. Members that have no value are left out. Whoever may connect may read; methods
        # that change something are for root, the daemon's own user and members of the group edgecert-admin.
        interface io.edgecert.Control

        \(types)

        \(readingMethods)

        \(changingMethods)

        \(errors)

        """

    private static let errors = """
        # The caller may not do this.
        error NotPermitted (code: string, summary: string, hint: ?string, exitCode: int)

        # The request itself is at fault: no such subject, nothing held, an end in the past.
        error Unfit (code: string, summary: string, hint: ?string, exitCode: int)

        # It would be unsafe; the hint says what would allow it.
        error Unsafe (code: string, summary: string, hint: ?string, exitCode: int)

        # Cloudflare, the disk or the settings stood in the way.
        error Trouble (code: string, summary: string, hint: ?string, exitCode: int)
        """

    static let serviceDescription = """
        # The Varlink Service Interface is provided by every varlink service. It describes the service and the
        # interfaces it implements.
        interface org.varlink.service

        # Get a list of all the interfaces a service provides and information about the implementation.
        method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)

        # Get the description of an interface that is implemented by this service.
        method GetInterfaceDescription(interface: string) -> (description: string)

        # The requested interface was not found.
        error InterfaceNotFound (interface: string)

        # The requested method was not found
        error MethodNotFound (method: string)

        # The interface defines the requested method, but the service does not implement it.
        error MethodNotImplemented (method: string)

        # One of the passed parameters is invalid.
        error InvalidParameter (parameter: string)

        # Client is denied access
        error PermissionDenied ()

        # Method is expected to be called with 'more' set to true, but wasn't
        error ExpectedMore ()

        """
}
