#include "reports/page/page.h"

#include "engine/base/assert.h"

// HEIR_PAGE_FILE is dist/page.html (CMakeLists.txt).
__asm__(
    ".pushsection .rodata\n"
    "heir_page_begin:\n"
    ".incbin \"" HEIR_PAGE_FILE
    "\"\n"
    "heir_page_end:\n"
    ".popsection\n");
// Hidden, so that their addresses are known when the program is linked.
extern "C" __attribute__((visibility("hidden"))) const char heir_page_begin[], heir_page_end[];

namespace heir::reports {

std::string page_with(std::string_view json) {
  constexpr std::string_view place = "<script type=\"application/json\" id=\"report\">";
  const std::string_view page(heir_page_begin, static_cast<std::size_t>(heir_page_end - heir_page_begin));
  const std::size_t begin = page.find(place);
  ASSERT(begin != std::string_view::npos, "dist/page.html has a place for the report");
  const std::size_t end = page.find("</script>", begin);
  std::string text;
  text.reserve(page.size() + json.size());
  text += page.substr(0, begin + place.size());
  text += json;
  text += page.substr(end);
  return text;
}

}  // namespace heir::reports
