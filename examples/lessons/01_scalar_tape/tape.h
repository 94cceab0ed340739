// A tape of numbers: every operation adds a row, and backward() goes through the rows from the last to the
// first.
#pragma once
#include <vector>

// An input of an operation: its row, and how much the result moves when it does.
struct Input {
  int row;
  double slope;
};

struct Row {
  const char* op;
  double value;
  std::vector<Input> inputs;
  double grad = 0;  // how much the final result moves when this value does
};

struct Tape;

// A number on a tape.
struct Value {
  Tape* tape;
  int row;
  double value() const;
  double grad() const;
};

struct Tape {
  std::vector<Row> rows;

  Value record(const char* op, double value, std::vector<Input> inputs) {
    rows.push_back({op, value, inputs});
    return {this, static_cast<int>(rows.size()) - 1};
  }
  Value leaf(double value) { return record("leaf", value, {}); }

  void backward(Value result) {
    rows[result.row].grad = 1;
    for (int i = result.row; i >= 0; --i)
      for (const Input& input : rows[i].inputs) rows[input.row].grad += rows[i].grad * input.slope;
  }
};

inline double Value::value() const { return tape->rows[row].value; }
inline double Value::grad() const { return tape->rows[row].grad; }

inline Value operator+(Value a, Value b) {
  return a.tape->record("add", a.value() + b.value(), {{a.row, 1}, {b.row, 1}});
}
inline Value operator-(Value a, Value b) {
  return a.tape->record("sub", a.value() - b.value(), {{a.row, 1}, {b.row, -1}});
}
inline Value operator*(Value a, Value b) {
  return a.tape->record("mul", a.value() * b.value(), {{a.row, b.value()}, {b.row, a.value()}});
}
