#include "measure.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "peers/peers.h"

using namespace tenon;

namespace bench {
namespace {

double bytes_of(const Tensors& tensors) {
  double bytes = 0;
  for (const Tensor& t : tensors)
    bytes += static_cast<double>(t.numel()) * static_cast<double>(size_of(t.dtype()));
  return bytes;
}

/// The inputs in the other floating-point dtype.
Tensors in_other_dtype(const Tensors& inputs) {
  Tensors others;
  for (const Tensor& t : inputs)
    others.push_back(t.dtype() == DType::float32   ? t.to(DType::float64)
                     : t.dtype() == DType::float64 ? t.to(DType::float32)
                                                   : t);
  return others;
}

/// What every contender must return: tenon's own result in the other floating-point dtype, whose kernels are
/// separate code. The peers then confirm it.
Tensors reference_of(const Case& one, const Tensors& inputs) {
  return one.make({in_other_dtype(inputs)}).result();
}

double page_faults_of(const Work& work) {
  const auto faults = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_minflt);
  };
  constexpr std::int64_t calls = 10;
  work.run(2);
  const double before = faults();
  work.run(calls);
  return (faults() - before) / static_cast<double>(calls);
}

/// So many sets of inputs that a call finds none of its own in a cache.
std::size_t cold_sets(double bytes, const Caches& caches) {
  return static_cast<std::size_t>(std::ceil(2 * caches.last / bytes)) + 1;
}

constexpr double least_bytes = 64 << 10;  // below it, the call itself takes longer than its memory traffic

void add_roof(Row& row, std::vector<Contender>& contenders, const Traffic& traffic, std::size_t sets,
    const Tensors& inputs, const Plan& plan, const Roofs& roofs) {
  if (row.flops > 1e5 && roofs.computes(row.flops, traffic.all())) {
    row.limit = "arithmetic";
    const bool wide = inputs[0].dtype() == DType::float64;
    contenders.push_back(on_host("roof", fma_roof(row.flops, wide), plan.min_time));
  } else if (traffic.all() >= least_bytes / 2) {
    row.limit = row.cold || traffic.all() > roofs.sizes.last ? "memory" : "caches";
    contenders.push_back(on_host("roof", stream_roof(traffic, sets), plan.min_time));
  }
}

void fill(Row& row, const Case& one, const Plan& plan, const Roofs& roofs) {
  std::vector<Tensors> sets{one.inputs(row.size)};
  const Tensors expected = one.check_result ? Tensors{} : reference_of(one, sets[0]);
  const Tensors first = one.make(sets).result();
  const Traffic traffic = traffic_of(one, row.size, sets[0], first);
  row.bytes = traffic.all();
  row.flops = one.flops ? one.flops(row.size) : 0;
  const std::size_t count = row.cold ? cold_sets(row.bytes, roofs.sizes) : 1;
  while (sets.size() < count) sets.push_back(one.inputs(row.size));

  std::vector<Work> works;
  std::vector<Contender> contenders;
  const auto enter = [&](const std::string& name, const Make& make) {
    works.push_back(make(sets));
    const Tensors result = works.back().result();
    if (one.check_result) one.check_result(result);
    else row.largest_error = std::max(row.largest_error, compare(name, result, expected, one.tolerance));
    contenders.push_back(on_host(name, works.back().run, plan.min_time));
  };
  enter("tenon", one.make);
  if (!one.only_cpu) row.page_faults = page_faults_of(works[0]);
  for (const Library* library : libraries()) {
    const auto peer = library->cases.find(one.name);
    if (peer == library->cases.end() || (plan.threads > 1 && !library->set_threads)) continue;
    if (library->set_threads) library->set_threads(plan.threads);
    enter(library->name, peer->second);
  }
  add_roof(row, contenders, traffic, count, sets[0], plan, roofs);
  row.timings = race(contenders, plan.rounds, plan.pause);
  if (!row.limit.empty()) {
    row.roof = row.timings.back();
    row.timings.pop_back();
  }
}

}  // namespace

double compare(const std::string& who, const Tensors& found, const Tensors& expected, double tolerance) {
  check(
      found.size() == expected.size(), "{} returned {} tensors, not {}", who, found.size(), expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    check(found[i].numel() == expected[i].numel(), "{} returned {}, not {}", who, found[i].shape(),
        expected[i].shape());
    if (found[i].numel() == 0) continue;
    const NoGradGuard no_grad;
    const auto numbers = [](const Tensor& t) { return t.to(Device::cpu()).to(DType::float64).reshape({-1}); };
    const Tensor a = numbers(found[i].detach()), b = numbers(expected[i].detach());
    const double scale = std::max(abs(b).amax().item<double>(), 1e-30);
    const double error = abs(a - b).amax().item<double>() / scale;
    check(error <= tolerance, "{} is wrong: the relative error of result {} is {}, more than {}", who, i,
        fmt::format("{:.2g}", error), fmt::format("{:.2g}", tolerance));
    worst = std::max(worst, error);
  }
  return worst;
}

Traffic traffic_of(const Case& one, const Size& size, const Tensors& inputs, const Tensors& results) {
  return one.traffic ? one.traffic(size) : Traffic{bytes_of(inputs), bytes_of(results)};
}

Tensors on_cuda(const Tensors& tensors) {
  Tensors there;
  for (const Tensor& t : tensors)
    there.push_back(is_transposed(t) ? t.t().to(Device::cuda()).t() : t.to(Device::cuda()));
  return there;
}

Tensors result_on_cpu(const Case& one, const Tensors& inputs) {
  manual_seed(1);
  return one.make({inputs}).result();
}

Work work_on_cuda(const Case& one, const std::vector<Tensors>& sets, const Tensors& expected) {
  manual_seed(1);  // as in result_on_cpu
  Work work = one.make(sets);
  Tensors found;
  for (const Tensor& result : work.result()) found.push_back(result.to(Device::cpu()));
  if (one.own_bits) compare("tenon", found, expected, one.tolerance);
  else
    for (std::size_t i = 0; i < expected.size(); ++i)
      check(bitwise_equal(found[i], expected[i]), "result {} has other bits than on the CPU", i);
  return work;
}

std::string text_of(const Size& size) { return fmt::format("{}", fmt::join(size, "x")); }

std::string row_name(const Case& one, const Size& size, bool cold) {
  return fmt::format("{}/{}{}", one.name, text_of(size), cold ? "/cold" : "");
}

bool has_cold_row(const Case& one, const Size& size, const Caches& caches) {
  if (one.flops || one.name.starts_with("random/") || one.name.starts_with("loader/")) return false;
  const double bytes = one.traffic ? one.traffic(size).all() : bytes_of(one.inputs(size));
  if (bytes < least_bytes || bytes >= caches.last / 2) return false;
  constexpr double most_memory = 1 << 30;  // of all inputs: a call may use a small part of each
  const double memory = one.traffic ? bytes_of(one.inputs(size)) : bytes;
  return static_cast<double>(cold_sets(bytes, caches)) * memory <= most_memory;
}

Row measure(const Case& one, const Size& size, bool cold, const Plan& plan, const Roofs& roofs) {
  Row row{.name = row_name(one, size, cold), .size = size, .cold = cold};
  try {
    manual_seed(0);
    fill(row, one, plan, roofs);
  } catch (const std::exception& error) { row.failure = error.what(); }
  return row;
}

}  // namespace bench
