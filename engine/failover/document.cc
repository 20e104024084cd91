#include "engine/failover/document.h"

#include <nlohmann/json.hpp>

namespace heir::failover {

namespace {

using Json = nlohmann::ordered_json;

Json names(const std::vector<PeerId>& peers) {
  Json list = Json::array();
  for (const PeerId& peer : peers) list.push_back(peer.value());
  return list;
}

/// Reads fields of one object; the first failure is kept, later reads give default values.
class Reader {
 public:
  Reader(const Json& object, std::string where, std::optional<Error>& error)
      : object_(object), where_(std::move(where)), error_(error) {
    if (!object.is_object()) fail("", "an object");
  }

  bool has(const char* key) const { return object_.is_object() && object_.contains(key) && !object_[key].is_null(); }
  const Json& at(const char* key) const {
    static const Json null;
    return has(key) ? object_[key] : null;
  }
  std::uint64_t number(const char* key) {
    const Json& value = at(key);
    return value.is_number_unsigned() ? value.get<std::uint64_t>() : (fail(key, "a whole number"), 0);
  }
  std::int64_t nanoseconds(const char* key) {
    const Json& value = at(key);
    return value.is_number_integer() ? value.get<std::int64_t>() : (fail(key, "nanoseconds"), 0);
  }
  std::string text(const char* key) {
    const Json& value = at(key);
    return value.is_string() ? value.get<std::string>() : (fail(key, "a string"), std::string());
  }
  bool flag(const char* key) {
    const Json& value = at(key);
    return value.is_boolean() ? value.get<bool>() : (fail(key, "true or false"), false);
  }
  std::vector<PeerId> peers(const char* key) {
    std::vector<PeerId> list;
    const Json& value = at(key);
    if (!value.is_array()) return fail(key, "a list of peers"), list;
    for (const Json& peer : value) {
      if (!peer.is_string()) return fail(key, "a list of peers"), list;
      list.emplace_back(peer.get<std::string>());
    }
    return list;
  }
  template <class E, std::size_t N>
  E one_of(const char* key, const std::array<const char*, N>& values) {
    const std::string found = text(key);
    for (std::size_t i = 0; i < N; ++i)
      if (found == values[i]) return static_cast<E>(i);
    fail(key, std::string("one of \"") + values.front() + "\" to \"" + values.back() + "\"");
    return E{};
  }
  void fail(const char* key, const std::string& expected) {
    std::string place = where_ + key;
    if (place.ends_with('.')) place.pop_back();
    if (!error_)
      error_ =
          Error{ErrorCode::invalid, "cluster state: " + (place.empty() ? "" : place + ": ") + "expected " + expected};
  }

 private:
  const Json& object_;
  std::string where_;
  std::optional<Error>& error_;
};

constexpr std::array<const char*, 2> freeze_modes = {"takeovers", "all"};
constexpr std::array<const char*, 2> promote_roles = {"sync", "async"};

Json encode_position(const Position& position) {
  Json lineage = Json::array();
  for (const Branch& branch : position.lineage) lineage.push_back({branch.timeline, branch.promotion, branch.begin});
  return {{"lineage", lineage}, {"offset", position.offset}};
}

Position decode_position(Reader reader) {
  Position position;
  position.offset = reader.number("offset");
  const Json& lineage = reader.at("lineage");
  if (!lineage.is_array()) return reader.fail("lineage", "a list of branches"), position;
  for (const Json& branch : lineage) {
    const bool good = branch.is_array() && branch.size() == 3 && branch[0].is_number_unsigned() &&
                      branch[1].is_number_unsigned() && branch[2].is_number_unsigned();
    if (!good) return reader.fail("lineage", "[timeline, promotion, begin]"), position;
    position.lineage.push_back(
        {branch[0].get<std::uint64_t>(), branch[1].get<std::uint64_t>(), branch[2].get<std::uint64_t>()});
  }
  return position;
}

}  // namespace

Bytes encode(const ClusterState& state) {
  Json json = {{"cluster", state.cluster},
               {"generation", state.generation.number()},
               {"primary", state.primary.value()},
               {"sync", state.sync ? Json(state.sync->value()) : Json()},
               {"async", names(state.async)},
               {"deposed", names(state.deposed)},
               {"initial_position", encode_position(state.initial_position)},
               {"opened", state.opened ? Json(state.opened->value()) : Json()},
               {"proven", names(state.proven)},
               {"last_opened", state.last_opened.number()},
               {"freeze", nullptr},
               {"singleton", state.singleton},
               {"promote", nullptr},
               {"changed", {{"by", state.changed.by}, {"why", state.changed.why}}}};
  if (const std::optional<Freeze>& f = state.freeze)
    json["freeze"] = {{"mode", freeze_modes[static_cast<std::size_t>(f->mode)]},
                      {"reason", f->reason},
                      {"by", f->by},
                      {"at", f->at.ns()},
                      {"until", f->until ? Json(f->until->ns()) : Json()}};
  if (const std::optional<PromoteRequest>& p = state.promote)
    json["promote"] = {{"peer", p->peer.value()},
                       {"role", promote_roles[static_cast<std::size_t>(p->role)]},
                       {"index", p->index ? Json(*p->index) : Json()},
                       {"generation", p->generation.number()},
                       {"expires_at", p->expires_at.ns()}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);  // a name may hold any bytes
}

Result<ClusterState> decode(const Bytes& document) {
  const Json json = Json::parse(document, nullptr, false);
  if (json.is_discarded()) return Error{ErrorCode::invalid, "cluster state: not JSON"};
  std::optional<Error> error;
  Reader reader(json, "", error);
  ClusterState state;
  state.cluster = reader.text("cluster");
  state.generation = Generation(reader.number("generation"));
  state.primary = PeerId(reader.text("primary"));
  if (reader.has("sync")) state.sync = PeerId(reader.text("sync"));
  state.async = reader.peers("async");
  state.deposed = reader.peers("deposed");
  state.initial_position = decode_position(Reader(reader.at("initial_position"), "initial_position.", error));
  if (reader.has("opened")) state.opened = SessionId(reader.number("opened"));
  state.proven = reader.peers("proven");
  if (reader.has("last_opened")) state.last_opened = Generation(reader.number("last_opened"));
  if (reader.has("freeze")) {
    Reader freeze(reader.at("freeze"), "freeze.", error);
    state.freeze = Freeze{freeze.one_of<Freeze::Mode>("mode", freeze_modes), freeze.text("reason"), freeze.text("by"),
                          WallTime::from_ns(freeze.nanoseconds("at")), std::nullopt};
    if (freeze.has("until")) state.freeze->until = WallTime::from_ns(freeze.nanoseconds("until"));
  }
  state.singleton = reader.flag("singleton");
  if (reader.has("promote")) {
    Reader promote(reader.at("promote"), "promote.", error);
    state.promote = PromoteRequest{
        PeerId(promote.text("peer")), promote.one_of<PromoteRequest::Role>("role", promote_roles), std::nullopt,
        Generation(promote.number("generation")), WallTime::from_ns(promote.nanoseconds("expires_at"))};
    if (promote.has("index")) state.promote->index = promote.number("index");
  }
  Reader changed(reader.at("changed"), "changed.", error);
  state.changed = {changed.text("by"), changed.text("why")};
  if (error) return *error;
  return state;
}

}  // namespace heir::failover
