#include "reports/history/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "reports/history/edn.h"
#include "reports/history/function_names.h"
#include "reports/history/json_lines.h"
#include "reports/history/json_text.h"
#include "reports/history/lines.h"
#include "reports/history/operation_maps.h"
#include "reports/history/porcupine.h"

namespace heir::reports {

namespace {

constexpr std::array<std::string_view, 6> names{"jsonl", "edn", "etcd-log", "kv-log", "elle-json", "lines"};
static_assert(names.size() == static_cast<std::size_t>(Format::lines) + 1);

/// Looked at to recognise a format.
constexpr std::size_t beginning_size = 64 * 1024;

/// Of operations, whatever a file claims to be.
constexpr std::size_t most_reserved = std::size_t{1} << 22;

constexpr std::string_view end_of_file = "the end of the file";

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

/// Comments may come first.
bool begins_as_lines(std::string_view text) {
  for (;;) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (LinesReader::recognises(text.substr(0, end))) return true;
    if (!text.starts_with('#') || end == text.size()) return false;
    text.remove_prefix(end + 1);
  }
}

/// The value of a field of the map that the document's root is; null if it has none.
const Form* field_of(const Document& document, const Form& map, std::string_view name) {
  if (!map.is(Form::Kind::map)) return nullptr;
  for (auto at = document.in(map).begin(); at != document.in(map).end(); ++at) {
    const bool found = at->is_name() && at->text == name;
    ++at;
    if (found) return &*at;
  }
  return nullptr;
}

/// Ours, or the JSON twin of an operation map of Jepsen's? `by_name` decides what does not show.
Format json_object_format(std::string_view text, std::optional<Format> by_name) {
  Document document;
  JsonParser parser(text, end_of_file, document);
  const std::uint32_t root = parser.read();
  if (root == 0) return Format::jsonl;
  const auto field = [&](std::string_view name) { return field_of(document, document.at(root), name); };
  const Form* const process = field("process");
  const Form* const f = field("f");
  if (field("index") || (process && process->text == "nemesis")) return Format::elle_json;
  if (by_name == Format::jsonl || by_name == Format::elle_json) return *by_name;
  const bool ours = process && process->is(Form::Kind::integer) && f && function_named(f->text);
  return ours || !field("type") ? Format::jsonl : Format::elle_json;
}

/// Of EDN, whether it is a kv file.
Format edn_format(std::string_view text) {
  Document document;
  EdnParser parser(text, end_of_file, document);
  const std::uint32_t root = parser.read();
  if (root == 0) return Format::edn;
  const Form* const f = field_of(document, document.at(root), "f");
  const bool is_kv = f && field_of(document, document.at(root), "key") &&
                     (f->text == "get" || f->text == "put" || f->text == "append");
  return is_kv ? Format::kv_log : Format::edn;
}

std::optional<Format> format_of_file_name(std::string_view name) {
  if (name.ends_with(".jsonl")) return Format::jsonl;
  if (name.ends_with(".edn")) return Format::edn;
  if (name.ends_with(".json")) return Format::elle_json;
  return std::nullopt;
}

std::optional<Format> format_of_content(std::string_view text, std::optional<Format> by_name) {
  if (begins_as_lines(text)) return Format::lines;
  switch (text[0]) {
    case '{': {
      const std::string_view inside = without_blanks(text.substr(1));
      return inside.starts_with('"') || inside.starts_with('}') ? json_object_format(text, by_name) : edn_format(text);
    }
    case '[': {
      const std::string_view inside = without_blanks(text.substr(1));
      const bool is_json = inside.starts_with('{') && without_blanks(inside.substr(1)).starts_with('"');
      if (is_json) return Format::elle_json;
      const bool is_edn = inside.starts_with('{') || inside.starts_with('#') || inside.starts_with(';');
      return is_edn ? std::optional(Format::edn) : std::nullopt;
    }
    case '(':
    case ';':
    case '^': return Format::edn;
    case '#':
      return text.starts_with("#_") || text.find('{') != std::string_view::npos ? std::optional(Format::edn)
                                                                                : std::nullopt;
    default: return text.find(etcd_log_mark) != std::string_view::npos ? std::optional(Format::etcd_log) : std::nullopt;
  }
}

// ---- The readers. Each consumes the source, or says what is wrong with it.

Result<> read_json_lines(Source& source, FailMeaning fail, History& history) {
  JsonLinesReader reader(history, fail);
  std::size_t read = 0;
  for (std::string_view line;;) {
    const Result<bool> more = source.next_line(line);
    if (!more) return more.error();
    if (!*more) return {};
    if (!reader.add(line)) return source.line_error(reader.problem());
    // A vector that grows by doubling would take half as much again: the first MiB tells how much the whole will be.
    const std::size_t before = read;
    read += line.size() + 1;
    if (before >> 20 == 0 && read >> 20 != 0) {
      const std::size_t bytes_each = read / (history.operations().size() + 1) + 1;
      history.reserve(std::min(source.size_hint() / bytes_each * 33 / 32, most_reserved));
    }
  }
}

Result<> read_etcd_log(Source& source, FailMeaning fail, History& history) {
  EtcdLogReader reader(history, fail);
  for (std::string_view line;;) {
    const Result<bool> more = source.next_line(line);
    if (!more) return more.error();
    if (!*more) break;
    if (!reader.add(line)) return source.line_error(reader.problem());
  }
  if (!reader.finish()) return source.line_error(reader.problem());
  return {};
}

Result<> read_lines(Source& source, History& history) {
  LinesReader reader(history);
  for (std::string_view line;;) {
    const Result<bool> more = source.next_line(line);
    if (!more) return more.error();
    if (!*more) break;
    if (!reader.add(line)) return source.line_error(reader.problem());
  }
  if (reader.finish()) return {};
  return Error{ErrorCode::invalid, fmt::format("{}:{}:{}: {}", source.name(), reader.problem_line(),
                                               reader.problem().at + 1, reader.problem().message)};
}

Result<> read_as(Format format, Source& source, const ReadOptions& options, History& history) {
  const FailMeaning fail = options.fail.value_or(format == Format::etcd_log ? FailMeaning::compared_and_differed
                                                                            : FailMeaning::did_not_happen);
  switch (format) {
    case Format::jsonl: return read_json_lines(source, fail, history);
    case Format::etcd_log: return read_etcd_log(source, fail, history);
    case Format::lines: return read_lines(source, history);
    case Format::kv_log: history.set_model_hint("kv"); [[fallthrough]];
    case Format::edn: {
      JepsenReader operations(history, fail);
      return read_edn_operations(source, operations);
    }
    case Format::elle_json: {
      JepsenReader operations(history, fail);
      return read_json_operations(source, operations);
    }
  }
  return {};
}

}  // namespace

const char* to_string(Format format) {
  return names[static_cast<std::size_t>(format)].data();
}

std::optional<Format> format_named(std::string_view name) {
  const auto at = std::ranges::find(names, name);
  return at != names.end() ? std::optional(static_cast<Format>(at - names.begin())) : std::nullopt;
}

std::vector<std::string_view> format_names() {
  return {names.begin(), names.end()};
}

std::optional<Format> recognise_format(std::string_view beginning, std::string_view file_name) {
  const std::string_view text = without_blanks(beginning);
  const std::optional<Format> by_name = format_of_file_name(file_name);
  // An empty text is a history without operations, in any format.
  if (text.empty()) return by_name ? by_name : Format::jsonl;
  const std::optional<Format> by_content = format_of_content(text, by_name);
  return by_content ? by_content : by_name;
}

Result<History> read_history(Source& source, const ReadOptions& options) {
  while (source.ahead().size() < beginning_size && !source.at_end()) {
    if (const Result<> more = source.more("a history"); !more) return more.error();
  }
  if (source.ahead().starts_with(byte_order_mark)) source.advance(byte_order_mark.size());
  const std::string_view beginning = source.ahead().substr(0, beginning_size);
  const std::optional<Format> format = options.format ? options.format : recognise_format(beginning, source.name());
  if (!format) {
    const auto first = static_cast<unsigned char>(without_blanks(beginning)[0]);
    return source.error({beginning.size() - without_blanks(beginning).size(),
                         fmt::format("expected a history in one of the formats {}, found one that begins with {}",
                                     fmt::join(names, ", "),
                                     first >= 0x20 && first < 0x7F ? fmt::format("'{}'", static_cast<char>(first))
                                                                   : fmt::format("byte 0x{:02x}", first))});
  }
  History history;
  if (const Result<> read = read_as(*format, source, options, history); !read) return read.error();
  return history;
}

Result<History> read_history(const std::string& path, const ReadOptions& options) {
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) return Error{code_of_errno(errno), fmt::format("cannot open {}: {}", path, std::strerror(errno))};
  return read_history(file.get(), path, options);
}

Result<History> read_history(std::FILE* stream, const std::string& name, const ReadOptions& options) {
  Source source(stream, name);
  source.stop_when(options.is_over);
  return read_history(source, options);
}

Result<History> read_history_text(std::string_view text, const std::string& name, const ReadOptions& options) {
  Source source(text, name);
  return read_history(source, options);
}

}  // namespace heir::reports
