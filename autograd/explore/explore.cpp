#include <tenon/autograd/explore.h>

#include <tenon/autograd/explore/page.h>
#include <tenon/autograd/explore/recording.h>
#include <tenon/core/cuda.h>
#include <tenon/io/atomic_file.h>

namespace tenon::autograd {

void explore(const Tensor& loss, const std::string& path, const ExploreOptions& options, CallSite site) {
  Call call("explore", site);
  check(!cuda::is_capturing(loss.stream()),
      "explore: the stream is being recorded as a graph, so there are no values to show yet");
  io::check_writable(path);
  const Recording recording = record_backward(call, loss, options);
  io::write_file_atomically(path, std::string(page_begin) + to_json(recording) + std::string(page_end));
}

}  // namespace tenon::autograd
