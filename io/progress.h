// A progress bar: for (std::int64_t epoch : io::track(100, "wd=0")) ...
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include <tenon/core/api.h>

namespace tenon::io {

struct TrackOptions {
  /// Whether anything is shown.
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

  Iterator begin() {
    start();
    return Iterator(*this);
  }
  End end() const { return {}; }

 private:
  void start();
  void advance() {
    ++done_;
    if (visible_) show_if_due();
  }
  void show_if_due();
  void show(bool finished) noexcept;
  void finish() noexcept;

  std::int64_t done_ = 0;
  std::int64_t total_;
  bool visible_ = false;
  bool terminal_ = false;
  double due_ = 0;
  double started_ = 0;
  double shown_at_ = 0;
  std::int64_t shown_done_ = 0;
  double recent_steps_ = 0;  // of late, older ones weighted down
  double recent_seconds_ = 0;
  TrackOptions options_;
  std::string description_;
};

/// Runs over 0 ... n-1 and shows description, bar, share, count, rate, time taken and time left on standard
/// error: on a terminal one line, redrawn ten times a second; elsewhere a plain line every ten seconds and
/// one at the end. No colour where NO_COLOR is set. Of nested or concurrent loops only the first shows
/// anything. What cannot be written is dropped: it never stops the loop.
inline Track track(std::int64_t n, std::string_view description = "", const TrackOptions& options = {}) {
  return Track(n, description, options);
}

}  // namespace tenon::io
