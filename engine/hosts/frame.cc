#include "engine/hosts/frame.h"

#include "engine/base/assert.h"

namespace heir::hosts {

namespace {

constexpr std::string_view magic = "heir";

void append_short(std::string& frame, std::string_view text) {
  ASSERT(text.size() <= 255, "names are short");
  frame += static_cast<char>(static_cast<unsigned char>(text.size()));
  frame += text;
}

/// Takes a short text off the front; false if there is none.
bool take_short(std::string_view& rest, std::string_view& text) {
  if (rest.empty()) return false;
  const std::size_t size = static_cast<unsigned char>(rest.front());
  rest.remove_prefix(1);
  if (rest.size() < size) return false;
  text = rest.substr(0, size);
  rest.remove_prefix(size);
  return true;
}

}  // namespace

const char* to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::garbage: return "garbage";
    case Refusal::version: return "version";
    case Refusal::cluster: return "cluster";
    case Refusal::stranger: return "stranger";
  }
  return "";
}

std::string encode_frame(std::string_view cluster, const Message& message) {
  std::string frame(magic);
  frame += static_cast<char>(frame_version);
  append_short(frame, cluster);
  append_short(frame, message.from.value());
  frame += message.payload;
  return frame;
}

std::variant<Message, Refusal> decode_frame(std::string_view cluster, std::string_view frame) {
  if (!frame.starts_with(magic) || frame.size() == magic.size()) return Refusal::garbage;
  frame.remove_prefix(magic.size());
  if (static_cast<unsigned char>(frame.front()) != frame_version) return Refusal::version;
  frame.remove_prefix(1);
  std::string_view name;
  std::string_view from;
  if (!take_short(frame, name) || !take_short(frame, from)) return Refusal::garbage;
  if (name != cluster) return Refusal::cluster;
  return Message{Address(std::string(from)), Bytes(frame)};
}

}  // namespace heir::hosts
