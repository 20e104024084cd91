#include "tools/daemon/order.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace heir::tools {

namespace {

using Json = nlohmann::ordered_json;

constexpr ErrorCode all_codes[] = {ErrorCode::timed_out,       ErrorCode::unreachable,    ErrorCode::refused,
                                   ErrorCode::not_found,       ErrorCode::already_exists, ErrorCode::io_error,
                                   ErrorCode::out_of_space,    ErrorCode::conflict,       ErrorCode::session_over,
                                   ErrorCode::unknown_outcome, ErrorCode::invalid,        ErrorCode::failed};

Json json_of(const Error& error) {
  return {{"code", code_name(error.code)}, {"message", error.message}};
}

/// 0 where the key is missing; throws at anything but a whole number that is not negative.
std::uint64_t number(const Json& json, const char* key) {
  return json.contains(key) ? json.at(key).get_ref<const Json::number_unsigned_t&>() : 0;
}

/// What other programs wrote need not be UTF-8.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string code_name(ErrorCode code) {
  std::string name = to_string(code);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string error_json(const Error& error) {
  return dump(json_of(error));
}

std::string order_text(const Order& order) {
  return dump({{"order", order.what},
               {"host", order.host},
               {"goal", order.goal},
               {"reason", order.reason},
               {"mode", order.mode},
               {"generation", order.generation},
               {"count", order.count},
               {"valid_for_ms", static_cast<std::uint64_t>(order.valid_for.ns() / 1'000'000)},
               {"dry_run", order.dry_run}});
}

Result<Order> read_order(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    Order order;
    order.what = json.at("order").get<std::string>();
    order.host = json.value("host", "");
    order.goal = json.value("goal", "");
    order.reason = json.value("reason", "");
    order.mode = json.value("mode", "");
    order.generation = number(json, "generation");
    order.count = number(json, "count");
    const std::uint64_t valid_ms = std::clamp<std::uint64_t>(number(json, "valid_for_ms"), 1, 3'600'000);
    order.valid_for = Duration::milliseconds(static_cast<std::int64_t>(valid_ms));
    order.dry_run = json.value("dry_run", false);
    return order;
  } catch (const Json::exception&) {
    return {ErrorCode::invalid, "not an order"};
  }
}

std::string reply_text(const Result<std::string>& value) {
  if (value) return "{\"ok\":" + *value + "}";
  return "{\"error\":" + error_json(value.error()) + "}";
}

Result<std::string> read_reply(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    if (json.contains("ok")) return dump(json.at("ok"));
    const Json& error = json.at("error");
    const std::string name = error.at("code").get<std::string>();
    const auto code = std::find_if(std::begin(all_codes), std::end(all_codes),
                                   [&](ErrorCode each) { return code_name(each) == name; });
    return Error{code == std::end(all_codes) ? ErrorCode::failed : *code, error.at("message").get<std::string>()};
  } catch (const Json::exception&) {
    return {ErrorCode::invalid, "the answer is not one of an agent of this version"};
  }
}

}  // namespace heir::tools
