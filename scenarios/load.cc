#include "scenarios/load.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "scenarios/fault_kinds.h"
#include "scenarios/sections.h"

namespace heir::scenarios {
namespace {

Loaded refused(const std::string& path, const std::string& why) {
  return {std::nullopt, {path + ": " + why}};
}

/// "; did you mean 'scenarios/first/primary-crash.toml'?", if a file of nearly that name is in the same folder.
std::string similar_file(const std::filesystem::path& path) {
  std::vector<std::string> names;
  std::error_code error;
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end && names.size() < 1000;
       it.increment(error)) {
    if (it->path().extension() == ".toml") names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  const std::string name = nearest(path.filename().string(), names);
  return name.empty() ? std::string() : "; did you mean '" + (path.parent_path() / name).string() + "'?";
}

template <class E>
void append_vocabulary(const std::string& heading, std::string& out) {
  out += "### " + heading + "\n\n| name | meaning |\n|---|---|\n";
  for (const Name<E>& name : vocabulary<E>().names)
    out += "| `" + std::string(name.name) + "` | " + std::string(name.meaning) + " |\n";
  if (!vocabulary<E>().later.empty()) {
    out += "\nNot available yet:";
    for (const std::string_view name : vocabulary<E>().later)
      out += std::string(out.ends_with(":") ? " `" : ", `") + std::string(name) + "`";
    out += ".\n";
  }
  out += "\n";
}

void append_fault_kinds(std::string& out) {
  out += "### Kinds of fault\n\n| name | family | what happens | what it stands for |\n|---|---|---|---|\n";
  for (const FaultTraits& kind : fault_kinds()) {
    out += "| `" + std::string(kind.name) + "` | " +
           (kind.kind == FaultKind::random ? std::string() : to_string(kind.family)) + " | " +
           std::string(kind.meaning) + " | " + std::string(kind.stands_for) + " |\n";
  }
  out += "\n";
}

}  // namespace

Loaded load_text(const std::string& name, std::string_view text, const std::vector<std::string>& overrides) {
  Loaded loaded;
  if (text.size() > largest_file) return refused(name, "longer than 256 KiB, which no scenario is");
  Mistakes mistakes(name, text, overrides);
  Value root;
  if (parse_document(text, mistakes, root)) {
    if (root.entries.empty() && overrides.empty())
      return refused(name, "the file holds nothing; a scenario has at least a 'title'");
    // The heading's place of the whole file is its first character.
    root.place = {-1, 1, 1, 1};
    for (std::size_t i = 0; i < overrides.size(); ++i)
      apply_override(overrides[i], static_cast<int>(i), mistakes, root);
    Scenario scenario;
    Reading reading{mistakes, {}};
    read_section(scenario_section(), root, root.place, scenario, reading);
    check_scenario(root, scenario, reading);
    if (mistakes.empty()) loaded.scenario = std::move(scenario);
  }
  loaded.messages = mistakes.render(most_messages);
  return loaded;
}

Loaded load_file(const std::string& path, const std::vector<std::string>& overrides) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return refused(path, "no such file" + similar_file(path));
  if (status.type() == std::filesystem::file_type::directory)
    return refused(path, "a directory; expected a scenario file");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return refused(path, std::string("cannot be opened: ") + std::strerror(errno));
  // One byte more than allowed tells a file that is too long from one that just fits.
  std::string text(largest_file + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return refused(path, std::string("cannot be read: ") + std::strerror(errno));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return load_text(path, text, overrides);
}

std::string write(const Scenario& scenario) {
  const Section<Scenario> section = scenario_section();
  std::string out = written_keys(section, scenario);
  for (const Child<Scenario>& child : section.children) child.write(scenario, out);
  return out;
}

std::string reference() {
  const Section<Scenario> section = scenario_section();
  std::string out;
  append_reference(section, out);
  for (const Child<Scenario>& child : section.children) child.reference(out);
  append_vocabulary<WorkloadKind>("Kinds of workload", out);
  append_vocabulary<ReadsFrom>("`reads_from`", out);
  append_fault_kinds(out);
  append_vocabulary<FaultFamily>("Families of faults", out);
  append_vocabulary<TargetKind>("Targets", out);
  append_vocabulary<PartitionShape>("Shapes of a partition", out);
  append_vocabulary<Direction>("`direction`", out);
  append_vocabulary<PartitionManner>("`manner` of a partition", out);
  append_vocabulary<Moment>("Moments that a fault waits `on`", out);
  append_vocabulary<ToldOfBreak>("`told` of a break", out);
  append_vocabulary<ClientsDuringPartition>("`clients` of a partition", out);
  append_vocabulary<ProcessKind>("`process` of a pause or restart loop", out);
  append_vocabulary<FreezeMode>("`mode` of a freeze", out);
  append_vocabulary<AfterFreeze>("`after` a clock stood still", out);
  append_vocabulary<FsyncAnswer>("`answer` of a bad fsync", out);
  append_vocabulary<RotPlace>("`where` bits rot", out);
  append_vocabulary<SwappedDisk>("`disk` that comes in place of another", out);
  append_vocabulary<FailureKind>("Verdicts", out);
  append_vocabulary<PolicyPreset>("Policies", out);
  append_vocabulary<StoreKind>("Kinds of store", out);
  append_vocabulary<Database>("Databases", out);
  append_vocabulary<SystemKind>("Systems", out);
  return out;
}

}  // namespace heir::scenarios
