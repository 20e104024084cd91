#include "tools/command/overrides_option.h"

namespace heir::tools {

CLI::Option* add_overrides_option(CLI::App& command, std::vector<std::string>& overrides, const std::string& what) {
  return command.add_option("--set", overrides, "Override " + what + "; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->expected(1);
}

}  // namespace heir::tools
