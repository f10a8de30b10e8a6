package main

import (
	"io"

	"github.com/alcovedb/alcove/store"
)

// listsSection keeps tasks in a list, and looks at another one and at none.
func listsSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("A list grows and shrinks at both ends.")
	tasks := s.List("tasks")
	n, err := tasks.LPush("write", "read")
	g.got(`s.List("tasks").LPush("write", "read")`, n, err)
	n, err = tasks.RPush("sleep", "dream")
	g.got(`s.List("tasks").RPush("sleep", "dream")`, n, err)
	all, err := tasks.Range(0, -1)
	g.got(`s.List("tasks").Range(0, -1)`, all, err)
	task, err := tasks.LPop()
	g.text(`s.List("tasks").LPop()`, task, err)
	task, err = tasks.RPop()
	g.text(`s.List("tasks").RPop()`, task, err)
	all, err = tasks.Range(0, -1)
	g.got(`s.List("tasks").Range(0, -1)`, all, err)

	g.say("Another list has nothing to do with it, and a missing one is empty.")
	n, err = s.List("done").RPush("breakfast")
	g.got(`s.List("done").RPush("breakfast")`, n, err)
	n, err = tasks.Len()
	g.got(`s.List("tasks").Len()`, n, err)
	all, err = s.List("nothing").Range(0, -1)
	g.got(`s.List("nothing").Range(0, -1)`, all, err)
	task, err = s.List("nothing").LPop()
	g.text(`s.List("nothing").LPop()`, task, err)

	g.say("Elements are moved to another list in one step.")
	moved, err := tasks.LMoveM("done", store.Left, store.Right, store.MoveOptions{Count: 2})
	g.got(`s.List("tasks").LMoveM("done", store.Left, store.Right, store.MoveOptions{Count: 2})`, moved, err)
	all, err = s.List("done").Range(0, -1)
	g.got(`s.List("done").Range(0, -1)`, all, err)
	return g.err
}
