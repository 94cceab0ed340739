#include "roofs.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include <tenon/core/parallel.h>
#include <tenon/tenon.h>

#include "roof_loops.h"
#include "timing.h"

namespace bench {
namespace {

constexpr std::int64_t line = sizeof(Bits), piece = 4096;

const RoofLoops& loops() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return avx512_loops;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2_loops;
#endif
  return baseline_loops;
}

volatile std::uint64_t sink;  // keeps results from being optimised away

std::int64_t lines_of(double bytes) { return (static_cast<std::int64_t>(bytes) + line - 1) / line; }

/// Memory of so many lines for each set, tenon's own, which uses huge pages.
struct Places {
  Places(std::int64_t lines, std::size_t sets) {
    for (std::size_t i = 0; i < sets; ++i)
      all.push_back(tenon::full({lines * line / 8 + 8}, 1, {.dtype = tenon::DType::int64}));
  }
  Bits* next() {
    Bits* const place = static_cast<Bits*>(const_cast<void*>(all[turn].raw()));
    turn = (turn + 1) % all.size();
    return place;
  }
  std::vector<tenon::Tensor> all{};
  std::size_t turn = 0;
};

std::function<void(std::int64_t)> update_roof(const Traffic& traffic, std::size_t sets) {
  const std::int64_t changed = lines_of(traffic.written), only_read = lines_of(traffic.read) - changed;
  const auto target = std::make_shared<Places>(changed, sets),
             source = std::make_shared<Places>(only_read, sets);
  const std::int64_t pieces = std::max(changed, only_read) * line / piece + 1;
  return [=](std::int64_t calls) {
    for (std::int64_t call = 0; call < calls; ++call)
      tenon::parallel_for(
          pieces, 8, [&, to = target->next(), from = source->next()](std::int64_t begin, std::int64_t end) {
            for (std::int64_t p = begin; p < end; ++p) {
              const std::int64_t r = p * only_read / pieces, w = p * changed / pieces;
              sink = loops().stream(from + r, (p + 1) * only_read / pieces - r, nullptr, 0, piece / line, 0);
              loops().update(to + w, (p + 1) * changed / pieces - w, sink);
            }
          });
  };
}

std::function<void(std::int64_t)> copy_roof(const Traffic& traffic, std::size_t sets) {
  const std::int64_t in = lines_of(traffic.read), out = lines_of(traffic.written);
  // A result's memory is used again by the next call.
  const auto source = std::make_shared<Places>(in, sets), target = std::make_shared<Places>(out, 1);
  const std::int64_t pieces = std::max(in, out) * line / piece + 1;
  const auto run = [=](RoofLoops::Stream stream, std::int64_t turn, std::int64_t calls) {
    for (std::int64_t call = 0; call < calls; ++call)
      tenon::parallel_for(
          pieces, 8, [&, to = target->next(), from = source->next()](std::int64_t begin, std::int64_t end) {
            const std::int64_t r = begin * in / pieces, w = begin * out / pieces;
            sink = stream(from + r, end * in / pieces - r, to + w, end * out / pieces - w, turn, sink);
          });
  };
  // Which way is the fastest depends on the machine.
  double least = 0;
  std::function<void(std::int64_t)> fastest;
  for (const RoofLoops::Stream stream : {loops().stream, loops().stream_through})
    for (const std::int64_t turn : {4, 16, 256}) {
      if (stream == loops().stream_through && traffic.written < caches().l2) continue;
      const auto way = [=](std::int64_t calls) { run(stream, turn, calls); };
      const double seconds = race({on_host("", way, 2e-4)}, 5)[0].median();
      if (fastest && seconds >= least) continue;
      least = seconds;
      fastest = way;
    }
  return fastest;
}

}  // namespace

Caches caches() {
  const auto size = [](int name, double otherwise) {
    const long found = sysconf(name);
    return found > 0 ? static_cast<double>(found) : otherwise;
  };
  const double l2 = size(_SC_LEVEL2_CACHE_SIZE, 1 << 20);
  return {l2, std::max(l2, size(_SC_LEVEL3_CACHE_SIZE, 32 << 20))};
}

std::function<void(std::int64_t)> fma_roof(double flops, bool float64) {
  const double per_step = 2.0 * 24 * 32 / (float64 ? 8 : 4);
  const auto steps = static_cast<std::int64_t>(flops / per_step) + 1;
  return [=](std::int64_t calls) {
    for (std::int64_t i = 0; i < calls; ++i)
      tenon::parallel_for(steps, 2000, [&](std::int64_t begin, std::int64_t end) {
        const auto start = static_cast<float>(sink & 1);
        const double sum = float64 ? loops().multiply_add_float64(end - begin, start)
                                   : loops().multiply_add(end - begin, start);
        sink = static_cast<std::uint64_t>(sum);
      });
  };
}

std::function<void(std::int64_t)> stream_roof(const Traffic& traffic, std::size_t sets) {
  return traffic.in_place ? update_roof(traffic, sets) : copy_roof(traffic, sets);
}

bool Roofs::computes(double operations, double bytes) const {
  return operations / flops > bytes / (bytes > sizes.last ? memory_bytes : l2_bytes);
}

Roofs measure_roofs() {
  const auto rate = [](double work, std::function<void(std::int64_t)> run) {
    return work / race({on_host("", std::move(run))}, 21)[0].quantile(10);
  };
  const Caches sizes = caches();
  const double in_l2 = sizes.l2 / 2 * tenon::num_threads(), in_memory = 4 * sizes.last;
  return {.flops = rate(1e6, fma_roof(1e6, false)),
      .l2_bytes = rate(in_l2, stream_roof({in_l2 * 2 / 3, in_l2 / 3}, 1)),
      .memory_bytes = rate(in_memory, stream_roof({in_memory * 2 / 3, in_memory / 3}, 1)),
      .sizes = sizes};
}

}  // namespace bench
