package store_test

import (
	"context"
	"fmt"
	"time"

	"github.com/alcovedb/alcove/store"
)

// A worker waits for jobs. Several of them get them in turn.
func ExampleList_BLPop() {
	s := store.New()
	defer s.Close()

	done := make(chan string)
	go func() {
		for {
			job, err := s.List("jobs").BLPop(context.Background())
			if err == store.ErrClosed {
				return
			}
			done <- job
		}
	}()
	s.List("jobs").RPush("write", "test")
	fmt.Println(<-done, <-done)

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err := s.List("nothing").BLPop(ctx)
	fmt.Println(err)
	// Output:
	// write test
	// context deadline exceeded
}

// Urgent jobs come first, and who waits waits for both.
func ExampleDB_BLPop() {
	s := store.New()
	defer s.Close()

	s.List("jobs").RPush("write", "test")
	s.List("urgent").RPush("fix")
	for range 3 {
		key, job, _ := s.BLPop(context.Background(), "urgent", "jobs")
		fmt.Println(key, job)
	}
	// Output:
	// urgent fix
	// jobs write
	// jobs test
}
