/// The interface `io.edgecert.Control` and the service that has it, as they describe themselves.
public enum ControlInterface {
    public static let name = "io.edgecert.Control"
    static let serviceName = "org.varlink.service"
}
extension ControlInterface { static let description = ""; static let serviceDescription = "" }
