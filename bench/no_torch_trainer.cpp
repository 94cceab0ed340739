// Replaces torch_trainer.cpp where LibTorch is not found.
#include "train_step_model.h"

namespace bench {

std::unique_ptr<Trainer> make_torch_trainer(const StepProblem&, int, bool, std::string&) { return nullptr; }

}  // namespace bench
