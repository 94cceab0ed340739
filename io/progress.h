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
  /// Whether a bar is shown. What is printed is shown either way.
  bool enabled = true;
  /// Where it is shown: a file descriptor, standard error by default.
  int descriptor = 2;
  /// Seconds from any start; nullptr takes the system's monotonic clock.
  double (*clock)() = nullptr;
};

/// The range 0 ... n-1 which shows how far its loop has come. Made by track().
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
  /// After a break or an exception: leaves what was reached on a line of its own.
  ~Track();

  Iterator begin() TENON_LIFETIMEBOUND {
    start(total_);
    return Iterator(*this);
  }
  End end() const { return {}; }

  /// Writes a line of text to where the bar is shown: above it on a terminal, among its lines elsewhere. Use
  /// it in place of std::cout and std::cerr, which would write into the bar.
  void print(std::string_view text);
  /// What is in front of the bar, from the next time on that it is drawn.
  void set_description(std::string_view description) { description_ = description; }
  /// What ends the line, such as "loss 0.123", from the next time on that it is drawn.
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
  bool nested_ = false;     // in another loop of this thread that is shown at the same place
  bool was_shown_ = false;  // since its start
  double due_ = 0;
  double started_ = 0;
  double shown_at_ = 0;
  std::int64_t shown_done_ = 0;
  double recent_steps_ = 0;  // of late, older ones weighted down
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

/// What has a beginning, an end and a size, or is a DataLoader.
template <class Range>
concept TrackableRange = requires(Range& range) {
  std::begin(range);
  std::end(range);
  requires requires { range.batch_count(); } || requires {
    std::size(range);
  };
};

/// The elements of a range, which shows how far its loop has come. `Range` is a reference, or the range
/// itself where it was a temporary one.
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

/// Runs over 0 ... n-1 and shows description, bar, share, count, rate, time taken, time left and postfix on
/// standard error: on a terminal one line, redrawn ten times a second; elsewhere a plain line every ten
/// seconds and one at the end. No colour where NO_COLOR is set. What cannot be written at once is dropped: it
/// never stops the loop.
///
/// To reach the bar inside the loop, give it a name: `io::Track bar = io::track(100); for (auto i : bar) ...`
///
/// A loop inside another one has its line below, for as long as it runs and once it has taken a tenth of a
/// second; elsewhere than on a terminal it has plain lines once it has taken ten seconds.
inline Track track(std::int64_t n, std::string_view description = "", const TrackOptions& options = {}) {
  return Track(n, description, options);
}

/// Runs over the elements of a range in the same way: `for (auto [x, y] : io::track(loader, "epoch 1")) ...`
template <TrackableRange Range>
RangeTrack<Range> track(Range&& range, std::string_view description = "", const TrackOptions& options = {}) {
  return RangeTrack<Range>(std::forward<Range>(range), description, options);
}

}  // namespace tenon::io
