// A doubly linked list whose links live in its elements: no allocation, O(1) removal without knowing the list. An
// element derives from ListNode<Tag> and is in at most one list per Tag. The list owns nothing.
#ifndef BRILLIANT_BASE_INTRUSIVE_LIST_H_
#define BRILLIANT_BASE_INTRUSIVE_LIST_H_

namespace brilliant {

template <typename Tag>
class ListNode {
 public:
  ListNode() = default;
  ~ListNode() { Unlink(); }
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;

  [[nodiscard]] bool linked() const { return next_ != nullptr; }
  // Leaves the list it is in, if any.
  void Unlink() {
    if (next_ == nullptr) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = nullptr;
  }

 private:
  template <typename T, typename U>
  friend class IntrusiveList;
  ListNode* next_ = nullptr;
  ListNode* previous_ = nullptr;
};

template <typename T, typename Tag = T>
class IntrusiveList {
 public:
  IntrusiveList() { head_.next_ = head_.previous_ = &head_; }
  // Leaves the elements unlinked: they may live longer than the list.
  ~IntrusiveList() {
    while (!empty()) head_.next_->Unlink();
    head_.next_ = head_.previous_ = nullptr;
  }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  [[nodiscard]] bool empty() const { return head_.next_ == &head_; }
  [[nodiscard]] T* front() const { return empty() ? nullptr : Element(head_.next_); }
  // The element after `element`, or nullptr at the end.
  [[nodiscard]] T* Next(T& element) const {
    ListNode<Tag>* next = static_cast<ListNode<Tag>&>(element).next_;
    return next == &head_ ? nullptr : Element(next);
  }

  void PushBack(T& element) {
    ListNode<Tag>& node = element;
    node.Unlink();
    node.previous_ = head_.previous_;
    node.next_ = &head_;
    head_.previous_->next_ = &node;
    head_.previous_ = &node;
  }
  T* PopFront() {
    T* element = front();
    if (element != nullptr) static_cast<ListNode<Tag>*>(element)->Unlink();
    return element;
  }
  // Moves all elements of `other` to the end of this list.
  void Splice(IntrusiveList& other) {
    while (T* element = other.PopFront()) PushBack(*element);
  }

 private:
  static T* Element(ListNode<Tag>* node) { return static_cast<T*>(node); }
  ListNode<Tag> head_;
};

}  // namespace brilliant

#endif  // BRILLIANT_BASE_INTRUSIVE_LIST_H_
