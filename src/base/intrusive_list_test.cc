#include "base/intrusive_list.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace brilliant {
namespace {

struct Element : ListNode<Element> {
  explicit Element(char name_in) : name(name_in) {}
  char name;
};

std::string Names(const IntrusiveList<Element>& list) {
  std::string names;
  for (Element* element = list.front(); element != nullptr; element = list.Next(*element)) names += element->name;
  return names;
}

class IntrusiveListTest : public ::testing::Test {
 protected:
  Element a_{'a'}, b_{'b'}, c_{'c'};
  IntrusiveList<Element> list_;
};

TEST_F(IntrusiveListTest, IsEmptyAtFirst) {
  EXPECT_TRUE(list_.empty());
  EXPECT_EQ(list_.front(), nullptr);
  EXPECT_EQ(list_.PopFront(), nullptr);
  EXPECT_FALSE(a_.linked());
}

TEST_F(IntrusiveListTest, KeepsTheOrderOfPushing) {
  list_.PushBack(a_);
  list_.PushBack(b_);
  list_.PushBack(c_);
  EXPECT_EQ(Names(list_), "abc");
  EXPECT_EQ(list_.PopFront(), &a_);
  EXPECT_FALSE(a_.linked());
  EXPECT_EQ(Names(list_), "bc");
}

TEST_F(IntrusiveListTest, UnlinksFromEveryPlace) {
  for (Element* gone : {&a_, &b_, &c_}) {
    list_.PushBack(a_);
    list_.PushBack(b_);
    list_.PushBack(c_);
    gone->Unlink();
    gone->Unlink();  // a second time changes nothing
    std::string rest = "abc";
    std::erase(rest, gone->name);
    EXPECT_EQ(Names(list_), rest);
  }
}

TEST_F(IntrusiveListTest, PushingAgainMovesToTheEnd) {
  list_.PushBack(a_);
  list_.PushBack(b_);
  list_.PushBack(a_);
  EXPECT_EQ(Names(list_), "ba");
}

TEST_F(IntrusiveListTest, PushingMovesBetweenLists) {
  IntrusiveList<Element> other;
  list_.PushBack(a_);
  other.PushBack(a_);
  EXPECT_TRUE(list_.empty());
  EXPECT_EQ(Names(other), "a");
}

TEST_F(IntrusiveListTest, SpliceEmptiesTheOther) {
  IntrusiveList<Element> other;
  list_.PushBack(a_);
  other.PushBack(b_);
  other.PushBack(c_);
  list_.Splice(other);
  EXPECT_EQ(Names(list_), "abc");
  EXPECT_TRUE(other.empty());
}

TEST_F(IntrusiveListTest, AnElementLeavesWhenItDies) {
  auto temporary = std::make_unique<Element>('t');
  list_.PushBack(a_);
  list_.PushBack(*temporary);
  list_.PushBack(b_);
  temporary.reset();
  EXPECT_EQ(Names(list_), "ab");
}

TEST_F(IntrusiveListTest, ElementsMayOutliveTheList) {
  {
    IntrusiveList<Element> shorter;
    shorter.PushBack(a_);
    shorter.PushBack(b_);
  }
  EXPECT_FALSE(a_.linked());
  EXPECT_FALSE(b_.linked());
}

struct FirstTag;
struct SecondTag;
struct InTwo : ListNode<FirstTag>, ListNode<SecondTag> {};

TEST(IntrusiveList, AnElementMayBeInOneListPerTag) {
  InTwo element;
  IntrusiveList<InTwo, FirstTag> first;
  IntrusiveList<InTwo, SecondTag> second;
  first.PushBack(element);
  second.PushBack(element);
  EXPECT_EQ(first.PopFront(), &element);
  EXPECT_EQ(second.front(), &element);
}

}  // namespace
}  // namespace brilliant
