// Files of tensors: the bytes of the format, every malformed header, and modules that are saved and loaded.
#include <cmath>
#include <cstring>

#include "../support/catch.h"
#include "../support/files.h"
#include "../support/tensors.h"

using namespace tenon;
using namespace tenon::test;

namespace {

/// A file with this header and this many bytes of zeros after it.
std::string file_of(std::string_view json, std::size_t data_bytes = 0) {
  const std::uint64_t length = json.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  return out.append(json).append(data_bytes, '\0');
}

StateDict every_dtype() {
  return {{"w", tensor({{1, 2, 3}, {4, 5, -0.0}}).t()},
      {"flag", tensor({1, 0, 1}, {.dtype = DType::boolean})}, {"count", tensor(-7, {.dtype = DType::int64})},
      {"wide \"é\\\n", tensor({NAN, INFINITY, 1e-310}, {.dtype = DType::float64})}, {"none", zeros({0, 3})}};
}

Tensor find(const StateDict& state, std::string_view name) {
  for (const auto& [entry_name, tensor] : state)
    if (entry_name == name) return tensor;
  return {};
}

}  // namespace

TEST_CASE("safetensors: the bytes of the format") {
  const TemporaryDirectory directory;
  const std::string path = directory / "x";
  io::save_safetensors(path, {{"attn0", tensor({{{{1, 2, 3}, {4, 5, 6}}}})}});
  std::string expected =
      file_of(R"({"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       )");
  REQUIRE(expected[0] == 72);
  for (const float x : {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F})
    expected.append(reinterpret_cast<const char*>(&x), sizeof x);
  REQUIRE(read_file(path) == expected);
  io::save_safetensors(path, {});
  REQUIRE(read_file(path) == file_of("{}      "));
  REQUIRE(io::load_safetensors(path).empty());
}

TEST_CASE("safetensors: every dtype, layout and name comes back, with the metadata") {
  const TemporaryDirectory directory;
  const StateDict state = every_dtype();
  const std::map<std::string, std::string> metadata{{"format", "pt"}, {"", "a\"b\x01"}};
  io::save_safetensors(directory / "x", state, metadata);
  std::map<std::string, std::string> loaded_metadata{{"old", "gone"}};
  const StateDict loaded = io::load_safetensors(directory / "x", &loaded_metadata);
  REQUIRE(loaded_metadata == metadata);
  REQUIRE(names(loaded) == std::vector<std::string>{"count", "wide \"é\\\n", "none", "w", "flag"});
  for (const auto& [name, tensor] : state) REQUIRE(bitwise_equal(find(loaded, name), tensor));
  REQUIRE(names_below(directory.path()) == std::vector<std::string>{"x"});
}

TEST_CASE("safetensors: other writers' headers: any order, spaces, escapes, lengths that are not aligned") {
  const TemporaryDirectory directory;
  std::string file = file_of(
      "{ \"\\u0062\\ud83d\\ude00\" : {\"data_offsets\":[4 , 5],\n\"shape\":[ ],\"dtype\":\"BOOL\"},"
      "\"a\":{\"shape\":[1],\"dtype\":\"F32\",\"data_offsets\":[0,4]}}",
      5);
  file.back() = 1;
  write_file(directory / "x", file);
  const StateDict state = io::load_safetensors(directory / "x");
  REQUIRE(names(state) == std::vector<std::string>{"a", "b\xF0\x9F\x98\x80"});
  REQUIRE(equal(state[1].second, tensor(1, {.dtype = DType::boolean})));
}

TEST_CASE("safetensors: a malformed file is one IoError") {
  const TemporaryDirectory directory;
  const std::string path = directory / "x";
  const auto error = [&](const std::string& bytes) {
    write_file(path, bytes);
    std::map<std::string, std::string> metadata{{"kept", "1"}};
    const std::string text = error_of<IoError>([&] { io::load_safetensors(path, &metadata); });
    REQUIRE(metadata.size() == 1);
    const std::string prefix = "load_safetensors: " + path + " is not a file that can be loaded: ";
    REQUIRE(text.starts_with(prefix));
    return text.substr(prefix.size());
  };
  const auto tensor_error = [&](const std::string& fields, std::size_t bytes) {
    return error(file_of("{\"a\":{" + fields + "}}", bytes));
  };
  const auto length = [](std::uint64_t n) {
    std::string out(8, '\0');
    std::memcpy(out.data(), &n, 8);
    return out;
  };
  CHECK(error("") == "it has 0 bytes, fewer than the length of a header takes");
  CHECK(error("1234567") == "it has 7 bytes, fewer than the length of a header takes");
  CHECK(error(length(100'000'001)) == "the header has 100000001 bytes; at most 100000000 are allowed");
  CHECK(error(length(~std::uint64_t{0})) ==
        "the header has 18446744073709551615 bytes; at most 100000000 are allowed");
  CHECK(error(length(100'000'000) + "{}") == "the header has 100000000 bytes, but only 2 follow");
  CHECK(error(length(3) + "{}") == "the header has 3 bytes, but only 2 follow");
  CHECK(error(file_of("")) == "the header does not begin with '{'");
  CHECK(error(file_of(" {}")) == "the header does not begin with '{'");
  CHECK(error(file_of("{\"\xFF\":1}")) == "the header is not UTF-8");
  CHECK(error(file_of("{")) == "the header needs '\"' at byte 1");
  CHECK(error(file_of("{}{}")) == "the header has text after its end, at byte 2");
  CHECK(error(file_of("{\"a")) == "the header ends inside a string");
  CHECK(error(file_of("{\"a\\")) == "the header ends inside a string");
  CHECK(error(file_of("{\"a\n\":1}")) == "the header has a control character at byte 3");
  CHECK(error(file_of("{\"\\x\":1}")) == "the header has an unknown escape at byte 3");
  CHECK(error(file_of("{\"\\u12g4\":1}")) == "the header needs four hexadecimal digits at byte 6");
  CHECK(error(file_of("{\"\\u12")) == "the header needs four hexadecimal digits at byte 6");
  CHECK(error(file_of("{\"\\ud800\":1}")) == "the header has half a surrogate pair before byte 8");
  CHECK(error(file_of("{\"\\ud800\\u0041\":1}")) == "the header has half a surrogate pair before byte 14");
  CHECK(error(file_of("{\"\\udc00\":1}")) == "the header has half a surrogate pair before byte 8");
  CHECK(error(file_of("{\"a\\u0000\":{}}")) == "the header has a NUL in a string, before byte 10");
  CHECK(error(file_of("{\"a\":" + std::string(100'000, '{'))) == "the header needs '\"' at byte 6");
  CHECK(error(file_of("{\"a\":" + std::string(100'000, '['))) == "the header needs '{' at byte 5");
  CHECK(error(file_of("{\"a\":{},}")) == "\"a\" lacks its dtype, shape or data_offsets");
  const std::string f32 = R"("dtype":"F32",)", none = R"("shape":[0],"data_offsets":[0,0])";
  CHECK(tensor_error(f32 + none + ",", 0) == "the header needs '\"' at byte 53");
  CHECK(tensor_error(f32 + none + R"(,"strides":[1])", 0) == "\"a\" has the unknown field \"strides\"");
  CHECK(tensor_error(f32 + f32 + none, 0) == "\"a\" has the field \"dtype\" twice");
  CHECK(tensor_error(R"("dtype":"BF16",)" + none, 0) ==
        "\"a\" has the dtype \"BF16\"; F32, F64, I64 and BOOL can be read");
  const std::string whole = "the header needs a whole number from 0 to 2^63 - 1 at byte 29";
  for (const char* number :
      {"-1", "+1", "9223372036854775808", "99999999999999999999", "01", "\"1\"", "null"})
    CHECK(tensor_error(f32 + R"("shape":[)" + number + R"(],"data_offsets":[0,4])", 4) == whole);
  for (const char* number : {"1.0", "1e0"})
    CHECK(tensor_error(f32 + R"("shape":[)" + number + R"(],"data_offsets":[0,4])", 4) ==
          "the header needs ']' at byte 30");
  CHECK(tensor_error(f32 + R"("shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4])", 4) ==
        "\"a\" has more than 8 dimensions");
  CHECK(tensor_error(f32 + R"("shape":[1],"data_offsets":[0])", 4) ==
        "\"a\" must have two data_offsets; it has 1");
  CHECK(tensor_error(f32 + R"("shape":[1],"data_offsets":[0,4,4])", 4) ==
        "\"a\" must have two data_offsets; it has 3");
  for (const char* shape :
      {"[4611686018427387904]", "[2147483648,2147483648,4]", "[0,4611686018427387904,2]"})
    CHECK(tensor_error(f32 + R"("shape":)" + shape + R"(,"data_offsets":[0,0])", 0).find("is too large") !=
          std::string::npos);
  CHECK(tensor_error(f32 + R"("shape":[2],"data_offsets":[0,4])", 4) ==
        "\"a\" has the bytes from 0 to 4, but its shape [2] of float32 needs 8");
  CHECK(tensor_error(f32 + R"("shape":[1],"data_offsets":[4,8])", 8) ==
        "\"a\" begins at byte 4, but the tensors before it end at 0");
  CHECK(
      tensor_error(f32 + R"("shape":[0],"data_offsets":[0,-4])", 0).starts_with("the header needs a whole"));
  CHECK(tensor_error(f32 + R"("shape":[1],"data_offsets":[0,4])", 5) ==
        "the tensors end at byte 4, the file at 5");
  CHECK(tensor_error(f32 + R"("shape":[1],"data_offsets":[0,4])", 3) ==
        "the tensors end at byte 4, the file at 3");
  const auto two = [&](const std::string& name, const std::string& offsets, std::size_t bytes) {
    return error(file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},")" + name +
                             R"(":{"dtype":"F32","shape":[1],"data_offsets":)" + offsets + "}}",
        bytes));
  };
  CHECK(two("a", "[4,8]", 8) == "\"a\" is given twice");
  CHECK(two("b", "[0,4]", 4) == "\"b\" begins at byte 0, but the tensors before it end at 4");
  CHECK(two("b", "[8,12]", 12) == "\"b\" begins at byte 8, but the tensors before it end at 4");
  CHECK(two("b", "[2,6]", 6) == "\"b\" begins at byte 2, but the tensors before it end at 4");
  CHECK(two("b", "[4,0]", 4) == "\"b\" has the bytes from 4 to 0, but its shape [1] of float32 needs 4");
  CHECK(error(file_of(R"({"__metadata__":{"k":1}})")) == "the header needs '\"' at byte 21");
  CHECK(error(file_of(R"({"__metadata__":[]})")) == "the header needs '{' at byte 16");
  CHECK(error(file_of(R"({"__metadata__":{"k":"1","k":"2"}})")) == "\"k\" is given twice in the metadata");
  CHECK(error(file_of(R"({"__metadata__":{},"__metadata__":{}})")) == "\"__metadata__\" is given twice");
  std::string flag = file_of(R"({"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}})", 1);
  flag.back() = 2;
  CHECK(error(flag) == "\"a\" has a boolean that is neither 0 nor 1");
}

TEST_CASE("safetensors: a file that is cut anywhere is an IoError") {
  const TemporaryDirectory directory;
  io::save_safetensors(directory / "x", every_dtype(), {{"k", "v"}});
  const std::string whole = read_file(directory / "x");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write_file(directory / "cut", whole.substr(0, n));
    REQUIRE(error_of<IoError>([&] { io::load_safetensors(directory / "cut"); }) != "");
  }
}

TEST_CASE("safetensors: what is no file, and what cannot be saved") {
  const TemporaryDirectory directory;
  const std::string path = directory / "x";
  REQUIRE(error_of<IoError>([&] { io::load_safetensors(path); }) ==
          "load_safetensors: cannot read " + path + ": No such file or directory");
  REQUIRE(error_of<IoError>([&] { io::load_safetensors(directory.path()); }) ==
          "load_safetensors: " + directory.path() + " is not a regular file");
  const Tensor w = ones({1});
  REQUIRE(error_of([&] {
    io::save_safetensors(path, {{"w", w}, {"w", w}});
  }) == "save_safetensors: \"w\" is given twice");
  REQUIRE(error_of([&] {
    io::save_safetensors(path, {{"w", Tensor()}});
  }) == "save_safetensors: \"w\" is undefined");
  REQUIRE(error_of([&] {
    io::save_safetensors(path, {{"__metadata__", w}});
  }) == "save_safetensors: a tensor cannot be called \"__metadata__\"");
  REQUIRE(error_of([&] {
    io::save_safetensors(path, {{"\xFF", w}});
  }) == "save_safetensors: \"\xFF\" is not UTF-8, or contains NUL");
  REQUIRE(error_of([&] {
    io::save_safetensors(path, {{"w", w}}, {{"k", std::string("a\0b", 3)}});
  }).starts_with("save_safetensors: "));
  REQUIRE(names_below(directory.path()).empty());
}

TEST_CASE("safetensors: a module and an optimizer continue from files") {
  struct Net : nn::Module {
    nn::Linear first{3, 4}, second{4, 1};
    Tensor operator()(const Tensor& x) { return second(tanh(first(x))); }
    void visit(nn::Visitor& visitor) override {
      visitor("first", first);
      visitor("second", second);
    }
  };
  const TemporaryDirectory directory;
  Net net, other;
  optim::Adam optimizer(net.parameters()), other_optimizer(other.parameters());
  const auto learn = [](Net& module, optim::Optimizer& by) {
    by.zero_grad();
    module(ones({2, 3})).sum().backward();
    by.step();
  };
  learn(net, optimizer);
  net.save(directory / "net");
  io::save_safetensors(directory / "optimizer", optimizer.state_dict());
  other.load(directory / "net");
  other_optimizer.load_state_dict(io::load_safetensors(directory / "optimizer"));
  learn(net, optimizer);
  learn(other, other_optimizer);
  REQUIRE(bitwise_equal(net.state_dict(), other.state_dict()));

  const StateDict before{{"w", other.first.weight.detach().clone()}};
  io::save_safetensors(directory / "wrong", {{"first.weight", zeros({2, 2})}, {"third", zeros({1})}});
  REQUIRE(
      error_of([&] { other.load(directory / "wrong"); }) ==
      "load_state_dict: \"third\" is not in the module; \"first.weight\" is float32 [2, 2], the module has "
      "float32 [4, 3]; \"first.bias\" is missing; \"second.weight\" is missing; \"second.bias\" is missing");
  REQUIRE(bitwise_equal(other.first.weight, before[0].second));
}

// Two halves of oracle/safetensors (exchange_safetensors.py), which names the files.
TEST_CASE("safetensors: writes a file for another reader", "[.write-safetensors]") {
  io::save_safetensors(std::getenv("TENON_SAFETENSORS"), every_dtype());
}
TEST_CASE("safetensors: reads the file of another writer", "[.read-safetensors]") {
  const StateDict loaded = io::load_safetensors(std::getenv("TENON_SAFETENSORS"));
  REQUIRE(loaded.size() == 5);
  for (const auto& [name, tensor] : every_dtype()) REQUIRE(bitwise_equal(find(loaded, name), tensor));
}
