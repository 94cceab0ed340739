// Stands in for LibTorch where it was not found.
#include "train_step_model.h"

namespace bench {

std::unique_ptr<Trainer> make_torch_trainer(const StepProblem&, int, bool, std::string&) { return nullptr; }

}  // namespace bench
