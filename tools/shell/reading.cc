// What the shell is given as JSON, read strictly: whatever is not understood is refused, with its name and what was
// expected.

#include <algorithm>
#include <limits>
#include <utility>

#include "tools/shell/document.h"
#include "tools/shell/words.h"

namespace heir::shell {

using namespace failover;

namespace {

constexpr int deepest = 16;
/// Leaves room for what a run of the shell adds.
constexpr std::uint64_t largest_number = std::uint64_t{1} << 62;

struct Malformed {
  std::string message;
};

/// Reads the fields of one object. The first mistake is kept; what is read after it is of no use.
class Fields {
 public:
  Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {}

  void allow(const std::vector<std::string>& known) {
    for (const auto& item : object_.items()) {
      if (std::find(known.begin(), known.end(), item.key()) != known.end()) continue;
      fail(where_ + "unknown key " + in_quotes(item.key()) + did_you_mean(item.key(), known));
      return;
    }
  }
  bool has(const char* key) const { return object_.contains(key) && !object_[key].is_null(); }
  const Json& at(const char* key) const { return object_[key]; }
  /// The one of two spellings that is used; both is a mistake.
  const char* either(const char* first, const char* second) {
    if (has(first) && has(second)) fail(where_ + "give \"" + first + "\" or \"" + second + "\", not both");
    return has(second) ? second : first;
  }
  void expect(const char* key, const std::string& what) {
    const bool missing = !object_.contains(key);
    fail(where_ + "\"" + key + "\": expected " + what +
         (missing ? ", but it is missing" : ", not " + shortened(object_[key])));
  }
  void fail(std::string message) {
    if (!error_) error_ = Error{ErrorCode::invalid, std::move(message)};
  }

  std::uint64_t number(const char* key, std::uint64_t least) {
    if (!has(key) || !object_[key].is_number_unsigned() || object_[key].get<std::uint64_t>() < least ||
        object_[key].get<std::uint64_t>() > largest_number) {
      expect(key, "a whole number from " + std::to_string(least));
      return least;
    }
    return object_[key].get<std::uint64_t>();
  }
  PeerId peer(const char* key) {
    if (!has(key) || !object_[key].is_string()) return expect(key, "a peer's name"), PeerId();
    return named(key, object_[key]);
  }
  std::vector<PeerId> peers(const char* key) {
    std::vector<PeerId> list;
    if (!has(key)) return list;
    if (!object_[key].is_array()) return expect(key, "a list of peers' names"), list;
    for (const Json& item : object_[key]) {
      if (!item.is_string()) return expect(key, "a list of peers' names"), list;
      PeerId id = named(key, item);
      if (is_listed(list, id)) fail(where_ + "\"" + key + "\": " + in_quotes(id.value()) + " stands there twice");
      list.push_back(std::move(id));
    }
    return list;
  }
  bool flag(const char* key) {
    if (!has(key)) return false;
    if (!object_[key].is_boolean()) return expect(key, "true or false"), false;
    return object_[key].get<bool>();
  }
  std::string text(const char* key, const char* otherwise) {
    if (!has(key)) return otherwise;
    if (!object_[key].is_string()) return expect(key, "a text"), std::string();
    return object_[key].get<std::string>();
  }
  /// A point in time: text, or milliseconds since 1970.
  WallTime time(const char* key) {
    const Json& value = object_[key];
    if (value.is_number_integer()) return milliseconds(value);
    if (!value.is_string()) return expect(key, "a point in time, as text or in milliseconds since 1970"), WallTime();
    Result<WallTime> time = parse_time(value.get<std::string>());
    if (!time) return fail(where_ + "\"" + key + "\": " + time.error().message), WallTime();
    return *time;
  }

  std::optional<Error> error() const { return error_; }

 private:
  static std::string shortened(const Json& value) {
    if (value.is_object()) return "an object";
    if (value.is_array()) return "a list";
    if (value.is_string()) return in_quotes(value.get<std::string>());
    return value.dump();
  }
  PeerId named(const char* key, const Json& value) {
    std::string name = value.get<std::string>();
    if (const Result<> good = check_peer_name(name); !good) fail(where_ + "\"" + key + "\": " + good.error().message);
    return PeerId(std::move(name));
  }
  static WallTime milliseconds(const Json& value) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 1'000'000;
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(most))
      return WallTime::max();
    return WallTime::from_ns(std::clamp(value.get<std::int64_t>(), -most, most) * 1'000'000);
  }

  const Json& object_;
  std::string where_;
  std::optional<Error> error_;
};

Result<std::optional<Freeze>> read_freeze(const Json& json, WallTime now) {
  if (json.is_null()) return std::optional<Freeze>();
  Freeze freeze{Freeze::Mode::all, "frozen from the shell", "operator", now, std::nullopt};
  if (json.is_boolean()) return json.get<bool>() ? std::optional(freeze) : std::nullopt;
  if (!json.is_object()) return Error{ErrorCode::invalid, "\"freeze\": expected true, false, null or an object"};
  Fields fields(json, "\"freeze\": ");
  fields.allow({"mode", "reason", "note", "by", "at", "frozen_at", "date", "until"});
  const std::string mode = fields.text("mode", "all");
  if (mode == "takeovers")
    freeze.mode = Freeze::Mode::takeovers;
  else if (mode != "all")
    fields.expect("mode", "\"all\" or \"takeovers\"");
  freeze.reason = fields.text(fields.either("reason", "note"), "frozen from the shell");
  freeze.by = fields.text("by", "operator");
  for (const char* at : {"at", "frozen_at", "date"})
    if (fields.has(at)) freeze.at = fields.time(at);
  if (fields.has("until")) freeze.until = fields.time("until");
  if (const auto error = fields.error()) return *error;
  return std::optional(std::move(freeze));
}

void check_places(Fields& fields, const ClusterState& state) {
  if (!state.sync && !state.singleton) fields.fail("\"sync\": only a singleton has none");
  if (state.singleton && state.sync) fields.fail("\"sync\": a singleton has none");
  if (state.sync == state.primary) fields.fail("\"sync\": " + in_quotes(state.primary.value()) + " is the primary");
  for (const PeerId& peer : state.async)
    if (peer == state.primary || peer == state.sync)
      fields.fail("\"async\": " + in_quotes(peer.value()) + " is the " + (peer == state.primary ? "primary" : "sync"));
  if (is_listed(state.deposed, state.primary))
    fields.fail("\"deposed\": " + in_quotes(state.primary.value()) + " is the primary");
}

}  // namespace

Result<Json> parse_object(std::string_view text, std::size_t column) {
  std::vector<std::vector<std::string>> keys;
  const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > deepest) throw Malformed{"malformed JSON: nested deeper than " + std::to_string(deepest) + " levels"};
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) {
      const std::string key = parsed.get<std::string>();
      if (std::find(keys.back().begin(), keys.back().end(), key) != keys.back().end())
        throw Malformed{"malformed JSON: key " + in_quotes(key) + " stands there twice"};
      keys.back().push_back(key);
    }
    return true;
  };
  try {
    Json json = Json::parse(text, watch);
    if (!json.is_object())
      return Error{ErrorCode::invalid, "expected a JSON object at column " + std::to_string(column)};
    return json;
  } catch (const Malformed& malformed) {
    return Error{ErrorCode::invalid, malformed.message};
  } catch (const Json::parse_error& error) {
    // The library's words, without its numbering and with the place in the whole line.
    std::string what = error.what();
    if (const std::size_t colon = what.find(": ", what.find("column")); colon != std::string::npos)
      what = what.substr(colon + 2);
    if (const std::size_t read = what.find("; last read: "); read != std::string::npos) {
      const std::size_t expected = what.find("; expected ", read);
      what.replace(read, expected == std::string::npos ? std::string::npos : expected - read, "");
    }
    return Error{ErrorCode::invalid, "malformed JSON at column " +
                                         std::to_string(column + (error.byte > 0 ? error.byte - 1 : 0)) + ": " + what};
  } catch (const Json::exception& error) {  // a number out of range
    return Error{ErrorCode::invalid, "malformed JSON: " + std::string(error.what())};
  }
}

Result<ClusterState> read_state(const Json& json, WallTime now) {
  Fields fields(json, "");
  fields.allow(
      {"generation", "primary", "sync", "async", "deposed", "initial_position", "freeze", "singleton", "promote"});
  ClusterState state;
  state.generation = Generation(fields.number("generation", 1));
  state.primary = fields.peer("primary");
  if (fields.has("sync")) state.sync = fields.peer("sync");
  state.async = fields.peers("async");
  state.deposed = fields.peers("deposed");
  if (fields.has("initial_position")) state.initial_position = Position{{}, fields.number("initial_position", 0)};
  state.singleton = fields.flag("singleton");
  if (!fields.error()) check_places(fields, state);
  if (const auto error = fields.error()) return *error;
  if (fields.has("freeze")) {
    Result<std::optional<Freeze>> freeze = read_freeze(fields.at("freeze"), now);
    if (!freeze) return freeze.error();
    state.freeze = *freeze;
  }
  if (fields.has("promote")) {
    if (!fields.at("promote").is_object()) return Error{ErrorCode::invalid, "\"promote\": expected null or an object"};
    Result<PromoteRequest> request = read_promotion(fields.at("promote"), now);
    if (!request) return Error{ErrorCode::invalid, "\"promote\": " + request.error().message};
    state.promote = *request;
  }
  return state;
}

Result<PromoteRequest> read_promotion(const Json& json, WallTime now) {
  Fields fields(json, "");
  fields.allow({"id", "peer", "role", "asyncIndex", "index", "generation", "expireTime", "expires_at", "expireIn"});
  PromoteRequest request;
  request.peer = fields.peer(fields.either("id", "peer"));
  const std::string role = fields.text("role", "");
  if (role == "async")
    request.role = PromoteRequest::Role::async;
  else if (role != "sync")
    fields.expect("role", "\"sync\" or \"async\"");
  const char* index = fields.either("asyncIndex", "index");
  if (fields.has(index)) request.index = fields.number(index, 0);
  request.generation = Generation(fields.number("generation", 0));
  const char* expires = fields.either("expireTime", "expires_at");
  if (fields.has("expireIn")) {
    if (fields.has(expires)) fields.fail("give \"expireIn\" or \"" + std::string(expires) + "\", not both");
    constexpr std::int64_t most = 1'000'000'000'000;  // milliseconds: 31 years
    const Json& value = fields.at("expireIn");
    const bool good = value.is_number_integer() && !(value.is_number_unsigned() && value.get<std::uint64_t>() > most);
    if (!good || value.get<std::int64_t>() < -most)
      fields.expect("expireIn", "a whole number of milliseconds from now");
    else
      request.expires_at = now + Duration::milliseconds(value.get<std::int64_t>());
  } else if (fields.has(expires)) {
    request.expires_at = fields.time(expires);
  } else {
    fields.fail("expected \"expireIn\" or \"expires_at\", but neither is there");
  }
  if (const auto error = fields.error()) return *error;
  return request;
}

}  // namespace heir::shell
