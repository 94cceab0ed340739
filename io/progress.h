// A progress bar: for (std::int64_t epoch : io::track(100, "wd=0")) ...
#pragma once
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/core/api.h>

namespace tenon::io {

struct TrackOptions {
  /// Whether the bar is shown. print() writes in any case.
  bool enabled = true;
  /// The file descriptor it is shown on; standard error by default.
  int descriptor = 2;
  /// Seconds from an arbitrary origin; nullptr uses the system's monotonic clock.
  double (*clock)() = nullptr;
};

/// The range 0 ... n-1 with a progress bar for its loop. Created by track().
class TENON_API Track {
 public:
  struct End {};
  class Iterator {
   public:
    explicit Iterator(Track& track) : track_(&track) {}
    std::int64_t operator*() const { return track_->done_; }
    Iterator& operator++() {
      track_->advance();
      return *this;
    }
    bool operator!=(End) const { return track_->done_ < track_->total_; }

   private:
    Track* track_;
  };

  Track(std::int64_t n, std::string_view description, const TrackOptions& options);
  Track(const Track&) = delete;
  Track& operator=(const Track&) = delete;
  /// After a break or an exception, leaves the progress so far on a separate line.
  ~Track();

  Iterator begin() TENON_LIFETIMEBOUND {
    start(total_);
    return Iterator(*this);
  }
  End end() const { return {}; }

  /// Writes a line of text above the bar on a terminal, or between its lines elsewhere. Use it in place of
  /// std::cout and std::cerr, which would write into the bar.
  void print(std::string_view text);
  /// The text before the bar, from the next redraw on.
  void set_description(std::string_view description) { description_ = description; }
  /// The end of the line, such as "loss 0.123", from the next redraw on.
  void set_postfix(std::string_view postfix) { postfix_ = postfix; }

 protected:
  void start(std::int64_t total);
  void advance() {
    ++done_;
    if (visible_) show_if_due();
  }

 private:
  void show_if_due();
  void show() noexcept;
  void finish() noexcept;
  std::string line(bool finished);

  std::int64_t done_ = 0;
  std::int64_t total_;
  bool visible_ = false;
  bool terminal_ = false;
  bool nested_ = false;     // inside another loop of this thread that is shown on the same descriptor
  bool was_shown_ = false;  // since the loop started
  double due_ = 0;
  double started_ = 0;
  double shown_at_ = 0;
  std::int64_t shown_done_ = 0;
  double recent_steps_ = 0;  // exponentially weighted
  double recent_seconds_ = 0;
  TrackOptions options_;
  std::string description_;
  std::string postfix_;
};

namespace detail {

template <class Range>
std::int64_t length_of(const Range& range) {
  if constexpr (requires { range.batch_count(); }) return range.batch_count();
  else return static_cast<std::int64_t>(std::size(range));
}

}  // namespace detail

/// A type with begin(), end() and size(), or a DataLoader.
template <class Range>
concept TrackableRange = requires(Range& range) {
  std::begin(range);
  std::end(range);
  requires requires { range.batch_count(); } || requires {
    std::size(range);
  };
};

/// The elements of a range, with a progress bar for the loop. `Range` is a reference, or the range type
/// itself for a temporary.
template <class Range>
class RangeTrack : public Track {
 public:
  class Iterator {
   public:
    decltype(auto) operator*() const { return *at_; }
    Iterator& operator++() {
      ++at_;
      track_->advance();
      return *this;
    }
    bool operator!=(End) const { return at_ != end_; }

   private:
    friend class RangeTrack;
    using Place = decltype(std::begin(std::declval<Range&>()));
    using PlaceOfEnd = decltype(std::end(std::declval<Range&>()));
    Iterator(RangeTrack& track, Place at, PlaceOfEnd end)
        : track_(&track), at_(std::move(at)), end_(std::move(end)) {}

    RangeTrack* track_;
    Place at_;
    PlaceOfEnd end_;
  };

  RangeTrack(Range&& range, std::string_view description, const TrackOptions& options)
      : Track(detail::length_of(range), description, options), range_(std::forward<Range>(range)) {}

  Iterator begin() {
    Iterator first(*this, std::begin(range_), std::end(range_));
    start(detail::length_of(range_));
    return first;
  }

 private:
  Range range_;
};

/// Iterates over 0 ... n-1 and shows description, bar, percentage, count, rate, elapsed time, remaining time
/// and postfix on standard error: on a terminal as one line, redrawn ten times a second; elsewhere as a plain
/// line every ten seconds and one at the end. Uses no colour if NO_COLOR is set. Output that cannot be
/// written immediately is dropped, so it never stops the loop.
///
/// To reach the bar inside the loop, give it a name: `io::Track bar = io::track(100); for (auto i : bar) ...`
///
/// On a terminal, a loop nested in another has its own line below while it runs, once it has taken a tenth of
/// a second; elsewhere it writes plain lines once it has taken ten seconds.
inline Track track(std::int64_t n, std::string_view description = "", const TrackOptions& options = {}) {
  return Track(n, description, options);
}

/// The same over the elements of a range: `for (auto [x, y] : io::track(loader, "epoch 1")) ...`
template <TrackableRange Range>
RangeTrack<Range> track(Range&& range, std::string_view description = "", const TrackOptions& options = {}) {
  return RangeTrack<Range>(std::forward<Range>(range), description, options);
}

}  // namespace tenon::io
