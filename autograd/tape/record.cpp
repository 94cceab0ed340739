#include <tenon/autograd/tape/record.h>

#include <tenon/autograd/tape/running.h>
#include <tenon/core/check.h>

namespace tenon::autograd {

void Saved::fail_modified() const {
  fail(
      "backward: a tensor of shape {} that was saved for \"{}\" has been modified in place since; it is at "
      "version {}, saved at version {}",
      value_.shape(), running_node() ? running_node()->name : "backward", value_.version(), version_);
}

Tensor SavedOutput::operator()() const {
  Tensor output = value_();
  if (!grad_enabled()) return output;
  output = output.detach();
  Node* node = running_node();
  node->retain();
  output.impl().meta = Ref<Node>::adopt(node);
  return output;
}

Tensor SavedPrepared::operator()() const {
  if (!value_.defined() || value_.version() != 0) return {};
  return releases_graph() ? std::move(value_) : value_;
}

namespace detail {

void fail_stale_view(const char* op) {
  fail(
      "{}: the tensor is a view whose base was changed by a recorded in-place operation; take the view again",
      op);
}

void fail_recorded(const char* op) {
  fail("record: the output of \"{}\" is on the tape already; return a new tensor, such as a detach() of it",
      op);
}

}  // namespace detail

}  // namespace tenon::autograd
