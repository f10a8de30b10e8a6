package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/alcovedb/alcove/examples/internal/console"
	"github.com/alcovedb/alcove/store"
)

// tally is where all jobs are, and what was counted.
type tally struct {
	queue, delayed, working, done, dead int
	counts                              map[string]int
}

// audit returns an error unless, as of one moment, each job that was produced is in exactly
// one place, the counts agree with the places, and each job that is done has had its side
// effect.
func (q *queue) audit() (t tally, err error) {
	err = q.s.View(func(tx *store.Tx) error {
		t = tally{counts: map[string]int{}} // this may be the second run
		counts, err := tx.Hash(countsKey).GetAll()
		if err != nil {
			return err
		}
		for what, text := range counts {
			if t.counts[what], err = strconv.Atoi(text); err != nil {
				return err
			}
		}
		places, err := q.places(tx, &t)
		if err != nil {
			return err
		}
		return q.compare(tx, &t, places)
	})
	return t, err
}

// places returns where each job is, and an error for one that is in two places.
func (q *queue) places(tx *store.Tx, t *tally) (map[string]string, error) {
	places := map[string]string{}
	note := func(key string, n *int, ids []string, err error) error {
		for _, id := range ids {
			if other, twice := places[id]; twice {
				return fmt.Errorf("job %s is in %s and in %s", id, other, key)
			}
			places[id] = key
		}
		*n += len(ids)
		return err
	}
	for _, place := range []struct {
		key string
		n   *int
	}{{queueKey, &t.queue}, {doneKey, &t.done}, {deadKey, &t.dead}} {
		ids, err := tx.List(place.key).Range(0, -1)
		if err := note(place.key, place.n, ids, err); err != nil {
			return nil, err
		}
	}
	ids, err := tx.ZSet(delayedKey).Range(store.ByRank(0, -1))
	if err := note(delayedKey, &t.delayed, ids, err); err != nil {
		return nil, err
	}
	last, err := tx.String(lastKey).Get()
	if err == store.ErrNotFound {
		return places, nil
	}
	if err != nil {
		return nil, err
	}
	workers, err := strconv.Atoi(last)
	for n := 1; n <= workers && err == nil; n++ { // also those that are forgotten
		key := workingKey(strconv.Itoa(n))
		ids, err = tx.List(key).Range(0, -1)
		err = note(key, &t.working, ids, err)
	}
	return places, err
}

// compare returns what is wrong with places.
func (q *queue) compare(tx *store.Tx, t *tally, places map[string]string) error {
	switch {
	case t.counts["produced"] != len(places):
		return fmt.Errorf("%d jobs were produced, and %d are there", t.counts["produced"], len(places))
	case t.counts["done"] != t.done || t.counts["dead"] != t.dead:
		return fmt.Errorf("%d done and %d dead were counted, and %d and %d are there",
			t.counts["done"], t.counts["dead"], t.done, t.dead)
	}
	for id, place := range places {
		state, err := tx.Hash(jobKey(id)).MGet("payload", "state")
		if err != nil {
			return err
		}
		want := ""
		if place == doneKey || place == deadKey {
			want = place
		}
		switch {
		case !state[0].Found:
			return fmt.Errorf("job %s has no payload", id)
		case state[1].Value != want:
			return fmt.Errorf("job %s is in %s, and its state is %q", id, place, state[1].Value)
		case place == doneKey && q.world.of(id) == 0:
			return fmt.Errorf("job %s is done without its side effect", id)
		}
	}
	return nil
}

// left is how many jobs are neither done nor dead.
func (t *tally) left() int { return t.queue + t.delayed + t.working }

// summary prints what has happened. It returns an error if something was left that should
// not have been: with a worker, or, unless the run was interrupted, at all.
func (q *queue) summary(out io.Writer, t tally, interrupted bool) error {
	effects, repeated := q.world.count()
	fmt.Fprintf(out, "%s produced: %d done, %d dead after try %d, %d left\n",
		console.Count(t.counts["produced"], "job"), t.done, t.dead, q.o.tries, t.left())
	if t.left() > 0 {
		fmt.Fprintf(out, "left: %d in the queue, %d delayed, %d with workers\n", t.queue, t.delayed, t.working)
	}
	fmt.Fprintf(out, "failed tries: %d, followed by another: %d\n", t.counts["failed"], t.counts["retried"])
	fmt.Fprintf(out, "%s died and %d hung; recovered from them: %s\n",
		console.Count(int(q.died.Load()), "worker"), q.hung.Load(), console.Count(t.counts["recovered"], "job"))
	fmt.Fprintf(out, "%s, %d repeated: at least once, not exactly once\n", console.Count(effects, "side effect"), repeated)
	fmt.Fprintf(out, "the scheduler looked %s, the reaper %s\n",
		console.Count(int(q.scheduled.Load()), "time"), console.Count(int(q.reaperLooks.Load()), "time"))
	switch {
	case t.working > 0:
		return fmt.Errorf("still with workers: %s", console.Count(t.working, "job"))
	case !interrupted && t.done+t.dead != q.o.jobs:
		return fmt.Errorf("of %s, done: %d, dead: %d", console.Count(q.o.jobs, "job"), t.done, t.dead)
	}
	_, err := fmt.Fprintln(out, "checked: each job is in one place; produced = done + dead + left; no worker holds one")
	return err
}
