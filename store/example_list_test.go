package store_test

import (
	"fmt"

	"github.com/alcovedb/alcove/store"
)

func ExampleList() {
	s := store.New()
	defer s.Close()

	tasks := s.List("tasks")
	tasks.RPush("write", "test")
	tasks.LPush("think")
	tasks.Insert(store.After, "write", "read again")
	first, _ := tasks.LPop()
	last, _ := tasks.RPop()
	rest, _ := tasks.Range(0, -1)
	fmt.Println(first, last, rest)

	_, err := s.List("nothing").LPop()
	fmt.Println(err == store.ErrNotFound)
	// Output:
	// think test [write read again]
	// true
}

// A worker moves a job to a list of its own, so that it is not lost with the worker.
func ExampleList_LMove() {
	s := store.New()
	defer s.Close()

	queue, mine := s.List("queue"), s.List("worker:1")
	queue.RPush("job 1", "job 2")
	job, _ := queue.LMove(mine.Key(), store.Left, store.Right)
	waiting, _ := queue.Len()
	fmt.Println(job, waiting)

	mine.Rem(1, job) // done
	left, _ := mine.Len()
	fmt.Println(left)
	// Output:
	// job 1 1
	// 0
}

// The loop sees the list of one moment, and may write it.
func ExampleList_All() {
	s := store.New()
	defer s.Close()

	l := s.List("numbers")
	l.RPush("1", "2", "3")
	numbers, _ := l.All()
	for n := range numbers {
		l.RPush(n + n)
	}
	all, _ := l.Range(0, -1)
	fmt.Println(all)
	// Output: [1 2 3 11 22 33]
}

// Three jobs at a time, or none.
func ExampleList_LMoveM() {
	s := store.New()
	defer s.Close()

	jobs := s.List("jobs")
	jobs.RPush("a", "b", "c", "d", "e")
	three := store.MoveOptions{Count: 3, Exactly: true}
	first, _ := jobs.LMoveM("mine", store.Left, store.Right, three)
	second, _ := jobs.LMoveM("mine", store.Left, store.Right, three)
	left, _ := jobs.Range(0, -1)
	fmt.Println(first, second, left)
	// Output: [a b c] [] [d e]
}
