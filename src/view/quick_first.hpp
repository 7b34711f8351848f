/// Lets quick questions go first: a long piece of work asks between its steps whether one waits.
#pragma once

#include <condition_variable>
#include <mutex>

namespace grids::core {

class QuickFirst {
 public:
  /// A question that is being answered.
  class Question {
   public:
    explicit Question(QuickFirst& gate) : gate_(gate) {
      const std::lock_guard lock(gate_.mutex_);
      ++gate_.asked_;
    }
    ~Question() {
      const std::lock_guard lock(gate_.mutex_);
      --gate_.asked_;
      gate_.none_.notify_all();
    }
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;

   private:
    QuickFirst& gate_;
  };

  /// Returns once no question is being answered, or after a second: who asks without end does not
  /// stop the work.
  void wait();

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int asked_ = 0;
};

}  // namespace grids::core
