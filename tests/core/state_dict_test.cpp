// Reading a state dict: one error lists everything that is wrong.
#include "../support/catch.h"

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

TEST_CASE("state dict: numbers and tensors are read by name") {
  const StateDict state{{"weight", ones({2})}, {"step", tensor(7, {.dtype = DType::int64})},
      {"lr", tensor(0.1, {.dtype = DType::float64})}, {"on", tensor(true, {.dtype = DType::boolean})}};
  StateReader reader(state, "thing");
  std::int64_t step = 0;
  double lr = 0;
  bool on = false;
  reader.take_number("on", on);
  reader.take_number("lr", lr);
  reader.take_number("step", step);
  REQUIRE(reader.has_prefix("we"));
  REQUIRE(reader.take("weight")->is_same(state[0].second));
  REQUIRE_FALSE(reader.has_prefix("we"));
  reader.finish();
  REQUIRE(step == 7);
  REQUIRE(lr == 0.1);
  REQUIRE(on);
}

TEST_CASE("state dict: every mistake is in one error, unknown names first") {
  const Tensor x = ones({2});
  const StateDict state{{"twice", x}, {"twice", x}, {"extra", x}, {"none", Tensor()}, {"number", x},
      {"shape", x}, {"dtype", x}, {"own", x}, {"unused", x}};
  StateReader reader(state, "thing");
  double number = 5;
  REQUIRE(reader.take("twice") != nullptr);
  REQUIRE(reader.take("none") == nullptr);
  reader.take_number("number", number);
  REQUIRE(reader.take("shape", {3}, DType::float32) == nullptr);
  REQUIRE(reader.take("dtype", {2}, DType::float64) == nullptr);
  REQUIRE(reader.take("absent") == nullptr);
  REQUIRE(reader.take("own") != nullptr);
  reader.complain("\"{}\" is {}", "own", 4);
  REQUIRE(error_of([&] {
    reader.finish();
  }) == "load_state_dict: \"extra\" is not in the thing; \"unused\" is not in the thing; \"twice\" is given "
        "twice; \"none\" is undefined; \"number\" is float32 [2], the thing has float64 []; \"shape\" is "
        "float32 [2], the thing has float32 [3]; \"dtype\" is float32 [2], the thing has float64 [2]; "
        "\"absent\" is missing; \"own\" is 4");
  REQUIRE(number == 5);
}

TEST_CASE("generator: a generator that loads another's state continues with its numbers") {
  Generator generator(~std::uint64_t{0}, std::uint64_t{1} << 63);  // state words that use all 64 bits
  rand({3}, generator);
  generator.next(RandomDomain::init);
  const StateDict state = generator.state_dict();
  REQUIRE(test::names(state) ==
          std::vector<std::string>{"seed", "first_stream", "calls.user", "calls.init", "calls.loader"});
  const Tensor next = rand({3}, generator);
  const Generator::Key loader = generator.next(RandomDomain::loader);
  Generator other;
  other.load_state_dict(state);
  REQUIRE(bitwise_equal(rand({3}, other), next));
  REQUIRE(other.next(RandomDomain::loader).stream == loader.stream);
  REQUIRE(test::bitwise_equal(other.state_dict(), generator.state_dict()));
  generator.load_state_dict(state);
  REQUIRE(bitwise_equal(rand({3}, generator), next));
}

TEST_CASE("generator: a state that does not fit changes nothing") {
  Generator generator(5);
  rand({3}, generator);
  const StateDict before = generator.state_dict();
  StateDict state = Generator(6).state_dict();
  state[2].second = tensor(std::int64_t{1} << 56, {.dtype = DType::int64});
  state[4].first = "calls.other";
  REQUIRE(error_of([&] { generator.load_state_dict(state); }) ==
          "load_state_dict: \"calls.other\" is not in the generator; \"calls.user\" must be from 0 to 2^56 - "
          "1; it is "
          "72057594037927936; \"calls.loader\" is missing");
  REQUIRE(test::bitwise_equal(generator.state_dict(), before));
}
