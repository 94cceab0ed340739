// Lists of types. Everything that must agree about operations (their number, their names, the CPU's tables of
// loops, the choice of a CUDA kernel) is derived from one list, and a member without a body does not compile.
#pragma once

namespace tenon::arith {

template <class A, class B>
inline constexpr bool is_same = false;
template <class A>
inline constexpr bool is_same<A, A> = true;

template <class... Member>
struct List {
  static constexpr int size = sizeof...(Member);

  template <class T>
  static constexpr bool contains = (is_same<T, Member> || ...);

  /// The position of T.
  template <class T>
  requires contains<T>
  static consteval int index_of() {
    int index = 0;
    bool found = false;
    ((found = found || is_same<T, Member>, index += !found), ...);
    return index;
  }

  /// Calls f.operator()<T>() for every member.
  template <class F>
  static constexpr void for_each(F f) {
    (f.template operator()<Member>(), ...);
  }

  /// f.operator()<T>() of every member, by position.
  template <class Value, class F>
  static consteval auto map(F f) {
    struct Values {
      Value of[size];
      constexpr const Value& operator[](int index) const { return of[index]; }
    };
    return Values{{f.template operator()<Member>()...}};
  }

  /// Calls f.operator()<T>() for the member at a run-time position.
  template <class F>
  static constexpr void visit(int index, F f) {
    (void)((index == index_of<Member>() ? (f.template operator()<Member>(), true) : false) || ...);
  }
};

/// A member of the list chosen at run time: `UnaryOp op = Exp();`
template <class Members>
struct OneOf {
  int index;

  template <class T>
  requires(Members::template contains<T>) constexpr OneOf(T) : index(Members::template index_of<T>()) {}
  /// The member's, if members have names.
  const char* name() const {
    static constexpr auto names = Members::template map<const char*>([]<class Op>() { return Op::name; });
    return names[index];
  }
  /// For loops over all members.
  explicit constexpr OneOf(int position) : index(position) {}
  friend constexpr bool operator==(OneOf, OneOf) = default;
};

}  // namespace tenon::arith
