#include <tenon/autograd/explore/page.h>

namespace tenon::autograd {

PullbackText pullback_text(std::string_view op) {
  PullbackText found;
  const std::string word = ' ' + std::string(op) + ' ';
  std::string_view rest = pullback_entries;
  while (!rest.empty()) {
    const std::string_view entry = rest.substr(0, rest.find('@', 1));
    rest.remove_prefix(entry.size());
    const std::string_view head = entry.substr(0, entry.find('\n'));
    if (head.find(word) == head.npos) continue;
    found.file = head.substr(1, head.find(' ') - 1);
    found.text += entry.substr(head.size());  // begins and ends with "\n", so a blank line separates texts
  }
  for (std::size_t at = 0; (at = found.text.find('$', at)) != found.text.npos;)
    found.text.replace(at, 1, "const Tensor& ");
  return found;
}

}  // namespace tenon::autograd
