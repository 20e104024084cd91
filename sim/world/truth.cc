#include "sim/world/truth.h"

#include <charconv>
#include <string>

#include "sim/databases/postgresql/server.h"

namespace heir::sim {

std::vector<reports::FinalValue> final_values(reports::History& history, PostgresServer& server) {
  std::vector<reports::FinalValue> values;
  const Tables& tables = server.tables();
  for (std::uint32_t id = 1; id < history.key_count(); ++id) {
    reports::FinalValue value;
    value.key = reports::KeyId(id);
    // As the client names keys: "r3", "l3", "s3", quoted as text.
    std::string_view text = history.key_text(value.key);
    if (!text.empty() && text.front() == '"') text = text.substr(1, text.size() - 2);
    if (text.size() < 2) continue;
    std::uint32_t key = 0;
    std::from_chars(text.data() + 1, text.data() + text.size(), key);
    switch (text.front()) {
      case 'r': value.number = tables.read_register(key); break;
      case 'l': value.list = tables.read_list(key); break;
      case 's': value.list = tables.read_set(key); break;
      default: continue;
    }
    values.push_back(std::move(value));
  }
  return values;
}

reports::History committed(const PostgresServer& server) {
  reports::History commits;
  commits.set_untimed();
  const reports::ProcessId one(0);
  const auto add = [&](reports::Function function, char table, const WalRecord& record) {
    // As the client names keys.
    const reports::KeyId key = commits.key(std::string(1, table) + std::to_string(record.key));
    const auto now = [&] { return reports::HistoryTime::from_ns(static_cast<std::int64_t>(commits.size())); };
    commits.invoke(one, function, key, reports::Value::integer(record.value), now());
    commits.ok(one, now());
  };
  const Wal& log = server.log();
  log.for_each(log.begin(), log.end(), [&](const WalRecord& record, const WalStore&) {
    switch (record.kind) {
      case WalKind::register_write: return add(reports::Function::write, 'r', record);
      case WalKind::list_append: return add(reports::Function::append, 'l', record);
      case WalKind::set_add: return add(reports::Function::add, 's', record);
      default: return;
    }
  });
  return commits;
}

std::vector<std::uint64_t> systems_on(Machine& machine, std::string_view root) {
  std::vector<std::uint64_t> systems;
  Disk& disk = machine.disk();
  const Result<std::vector<std::string>> names = disk.list(root);
  if (!names) return systems;
  for (const std::string& name : *names) {
    const std::string path = std::string(root) + "/" + name;
    if (const auto folder = disk.attached_as<DataFolder>(path); folder && folder->data.damage.empty())
      systems.push_back(folder->data.control.system_identifier);
  }
  return systems;
}

}  // namespace heir::sim
