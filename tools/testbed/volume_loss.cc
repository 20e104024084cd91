// What a loss of power leaves, by the rules of sim/disk/power_loss.cc.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tools/testbed/descriptor.h"
#include "tools/testbed/volume.h"

namespace heir::testbed {

namespace {

using sim::UnsyncedFate;

constexpr std::size_t sector_size = 512;
constexpr std::size_t page_size = Unsynced::page_size;

enum class Fate { kept, dropped, torn, garbage };

Fate draw_fate(const sim::DiskParameters& weights, sim::RandomStream& random) {
  std::uint64_t drawn = random.below(std::uint64_t{weights.kept} + weights.dropped + weights.torn + weights.garbage);
  if (drawn < weights.kept) return Fate::kept;
  drawn -= weights.kept;
  if (drawn < weights.dropped) return Fate::dropped;
  return drawn - weights.dropped < weights.torn ? Fate::torn : Fate::garbage;
}

std::uint64_t pages_of(std::uint64_t size) {
  return (size + page_size - 1) / page_size;
}

/// Sector by sector between what was durable, of which it is made, and what was written.
void tear(Bytes& page, const Bytes& written, bool with_garbage, sim::RandomStream& random) {
  for (std::size_t sector = 0; sector < page.size(); sector += sector_size) {
    const std::size_t end = std::min(sector + sector_size, page.size());
    const std::uint64_t drawn = random.below(with_garbage ? 3 : 2);
    if (drawn == 1) page.replace(sector, end - sector, written, sector, end - sector);
    for (std::size_t i = sector; drawn == 2 && i < end; ++i) page[i] = static_cast<char>(random.below(256));
  }
}

}  // namespace

int Volume::settle_size(Node& node, std::uint64_t size) {
  return ::ftruncate(node.file, static_cast<off_t>(size)) == 0 ? 0 : errno;
}

/// Page by page: kept, dropped, torn or garbage. The size is drawn for itself.
int Volume::settle_content(Node& node, const Loss& loss, sim::RandomStream& random, Lost& lost) {
  Unsynced::Durable durable = node.unsynced.durable();
  if (loss.fate == UnsyncedFate::drop) {
    lost.dropped += durable.pages.size();
    return drop_unsynced(node);
  }
  std::uint64_t written = 0;
  if (const int failed = open(node, Access::to_write); failed != 0) return failed;
  int failed = size(node, written);
  const bool is_resized = durable.size != written && draw_fate(loss.weights, random) == Fate::kept;
  const std::uint64_t left = is_resized ? written : durable.size;
  if (left < written) lost.dropped += pages_of(written) - pages_of(left);
  // What nobody had on the disk before is zeros there.
  for (std::uint64_t page = pages_of(durable.size); page * page_size < left; ++page) durable.pages.try_emplace(page);
  const bool may_be_garbage = !loss.may_be_garbage || loss.may_be_garbage(name_on_host(node));
  for (auto& [page, content] : durable.pages) {
    if (failed != 0 || page * page_size >= left) break;
    content.resize(std::min<std::uint64_t>(page_size, left - page * page_size), '\0');
    Bytes now(content.size(), '\0');
    failed = read_at(node.file, page * page_size, now.data(), now.size());
    if (failed != 0 || now == content) continue;
    Fate fate = draw_fate(loss.weights, random);
    if (fate == Fate::garbage && !may_be_garbage) fate = Fate::torn;
    ++(fate == Fate::kept      ? lost.kept
       : fate == Fate::dropped ? lost.dropped
       : fate == Fate::torn    ? lost.torn
                               : lost.garbage);
    if (fate == Fate::kept) continue;
    if (fate != Fate::dropped) tear(content, now, fate == Fate::garbage, random);
    failed = write_at(node.file, page * page_size, content.data(), content.size());
  }
  if (failed == 0) failed = settle_size(node, left);
  close(node);
  return failed;
}

/// The folder as it is durable, under a new name.
int Volume::build(Node& folder, const std::string& to) {
  if (!folder.is_read) return ::rename(path(folder).c_str(), to.c_str()) == 0 ? 0 : errno;
  struct stat status {};
  if (const int failed = attributes(folder, status); failed != 0) return failed;
  if (::mkdir(to.c_str(), 0700) != 0) return errno;
  for (const auto& [name, node] : folder.durable_entries) {
    const std::string at = to + "/" + name;
    if (node->is_folder()) {
      if (const int failed = build(*node, at); failed != 0) return failed;
    } else if (::linkat(AT_FDCWD, path(*node).c_str(), AT_FDCWD, at.c_str(), 0) != 0) {
      return errno;
    }
  }
  return copy_attributes(status, to);
}

int Volume::copy_attributes(const struct stat& from, const std::string& to) {
  if (::lchown(to.c_str(), from.st_uid, from.st_gid) != 0) return errno;
  return S_ISLNK(from.st_mode) || ::chmod(to.c_str(), from.st_mode & 07777) == 0 ? 0 : errno;
}

int Volume::copy_content(Node& node, const std::string& to) {
  std::error_code error;
  std::filesystem::copy_file(path(node), to, error);
  if (error) return error.value();
  if (node.unsynced.is_clean()) return 0;
  const Unsynced::Durable durable = node.unsynced.durable();
  const Descriptor file(::open(to.c_str(), O_WRONLY | O_CLOEXEC));
  int failed = file ? 0 : errno;
  for (const auto& [page, content] : durable.pages)
    if (failed == 0) failed = write_at(file.get(), page * page_size, content.data(), content.size());
  if (failed == 0 && ::ftruncate(file.get(), static_cast<off_t>(durable.size)) != 0) failed = errno;
  return failed;
}

int Volume::copy_durable(Node& node, const std::string& to) {
  struct stat status {};
  int failed = attributes(node, status);
  if (failed != 0) return failed;
  std::string target;
  if (node.is_folder()) {
    read_folder(node);
    if (::mkdir(to.c_str(), 0700) != 0) return errno;
    for (const auto& [name, child] : node.durable_entries)
      if (failed == 0) failed = copy_durable(*child, to + "/" + name);
  } else if (node.is_file()) {
    failed = copy_content(node, to);
  } else if (S_ISLNK(node.type)) {
    failed = read_link(node, target);
    if (failed == 0 && ::symlink(target.c_str(), to.c_str()) != 0) failed = errno;
  } else {
    return 0;  // A socket or a pipe: whoever uses it makes it.
  }
  return failed == 0 ? copy_attributes(status, to) : failed;
}

void Volume::start_over() {
  for (const auto& [number, node] : nodes_)
    if (node->file >= 0) ::close(node->file);
  nodes_.clear();
  linked_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(aside_, ignored);
  ::mkdir(aside_.c_str(), 0700);
  last_number_ = 0;
  add(S_IFDIR);
}

Result<Volume::Lost> Volume::lose_power(const Loss& loss, sim::RandomStream& random) {
  int failed = 0;
  Lost lost;
  if (loss.fate != UnsyncedFate::keep) {
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, node] : nodes_) numbers.push_back(number);
    for (const std::uint64_t number : numbers) {
      Node* const found = node(number);
      if (!found || failed != 0) continue;
      if (found->is_folder() && found->entries != found->durable_entries) {
        if (loss.fate == UnsyncedFate::draw && draw_fate(loss.weights, random) == Fate::kept)
          make_names_durable(*found);
        else
          ++lost.folders;
      }
      if (found->is_file() && !found->unsynced.is_clean()) failed = settle_content(*found, loss, random, lost);
    }
    // It is built beside, so that nothing is in the way of anything.
    const std::string built = aside_ + "/built";
    if (failed == 0) failed = build(root(), built);
    std::error_code error;
    if (failed == 0) std::filesystem::remove_all(folder_, error);
    if (error) failed = error.value();
    if (failed == 0 && ::rename(built.c_str(), folder_.c_str()) != 0) failed = errno;
  }
  start_over();
  if (failed != 0) return system_error(folder_, failed);
  return lost;
}

}  // namespace heir::testbed
