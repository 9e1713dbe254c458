import ArgumentParser
import SettingsFile

/// Where the settings are.
struct SettingsOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The settings file; drop-ins are read from conf.d beside it.", valueName: "file"))
    var settings = "/etc/edgecertd/edgecertd.toml"

    func reading() throws(SettingsTrouble) -> SettingsReading {
        let folder = settings.lastIndex(of: "/").map { String(settings[...$0]) } ?? ""
        return try SettingsReader.reading(mainFile: settings, dropInDirectory: folder + "conf.d")
    }
}
