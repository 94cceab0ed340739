#include <tenon/autograd/explore.h>

#include <tenon/autograd/explore/page.h>
#include <tenon/autograd/explore/recording.h>
#include <tenon/core/cuda.h>
#include <tenon/io/atomic_file.h>

namespace tenon::autograd {

Explorer::Explorer(ExploreOptions options) : options_(std::move(options)) {}
Explorer::~Explorer() = default;
Explorer::Explorer(Explorer&&) noexcept = default;
Explorer& Explorer::operator=(Explorer&&) noexcept = default;

void Explorer::backward(const Tensor& loss, const NamedTensors& names, CallSite site) {
  Call call("explore", site);
  check(!cuda::is_capturing(loss.stream()),
      "explore: the stream is being recorded as a graph, so there are no values to show yet");
  if (recording_) return record_next_step(call, loss, options_, *recording_);
  ExploreOptions options = options_;
  options.names.insert(options.names.end(), names.begin(), names.end());
  recording_ = std::make_unique<Recording>(record_backward(call, loss, options));
}

void Explorer::write(const std::string& path) const {
  check(recording_ != nullptr, "explore: there is nothing to write before the first backward()");
  io::write_file_atomically(path, std::string(page_begin) + to_json(*recording_) + std::string(page_end));
}

void explore(const Tensor& loss, const std::string& path, const ExploreOptions& options, CallSite site) {
  io::check_writable(path);
  Explorer explorer(options);
  explorer.backward(loss, {}, site);
  explorer.write(path);
}

}  // namespace tenon::autograd
