#include "tests/story/shell/stories.h"

int main(int argc, char** argv) {
  return heir::shell_story_main(argc, argv);
}
