import ArgumentParser

@main struct Placeholder { static func main() {} }
