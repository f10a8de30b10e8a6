package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

var usual = options{producers: 3, workers: 4, jobs: 30, tries: 3, lease: 300 * time.Millisecond}

// bubble runs test in a bubble, where waits take no time, with a queue of a new store. The
// bubble ends only when each of its goroutines has.
func bubble(t *testing.T, o options, test func(t *testing.T, q *queue)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		defer s.Close()
		test(t, newQueue(s, o))
	})
}

// audits has an auditor look until the test calls the result, which says how often that was.
func audits(t *testing.T, q *queue) (end func() int) {
	stop, n := make(chan struct{}), make(chan int)
	go func() {
		looks := 0
		for {
			select {
			case <-time.After(11*time.Millisecond + time.Microsecond): // also between milliseconds
				if _, err := q.audit(); err != nil {
					t.Error(err)
				}
				looks++
			case <-stop:
				n <- looks
				return
			}
		}
	}()
	return func() int {
		close(stop)
		return <-n
	}
}

// expected is what becomes of all jobs, told from their fates alone, however the goroutines
// take turns.
type expected struct {
	done, dead, failed, retried, recovered int
	died, hung, effects                    int
}

func (o options) expect() (e expected) {
	for job := 1; job <= o.jobs; job++ {
		e.job(o, job)
	}
	return e
}

func (e *expected) job(o options, job int) {
	for try := 1; try <= o.tries; try++ {
		switch o.fate(job, try).how {
		case succeeds:
			e.effects++
			e.done++
			return
		case fails:
			e.failed++
			if try < o.tries {
				e.retried++
			}
			continue
		case diesBefore:
			e.died++
		case diesAfter:
			e.effects++
			e.died++
		case hangs:
			e.effects++
			e.hung++
		}
		e.recovered++
	}
	e.dead++
}

func (q *queue) was(t tally) expected {
	effects, _ := q.world.count()
	return expected{
		done: t.done, dead: t.dead, failed: t.counts["failed"], retried: t.counts["retried"], recovered: t.counts["recovered"],
		died: int(q.died.Load()), hung: int(q.hung.Load()), effects: effects,
	}
}

// All jobs are done, or dead, exactly once, whatever happens to the workers.
func TestAllDone(t *testing.T) {
	sum := expected{}
	for _, c := range []options{
		{},
		{fails: 30},
		{dies: 30},
		{fails: 20, dies: 15},
		{dies: 100},
		{fails: 100},
	} {
		for seed := range uint64(8) {
			o := usual
			o.fails, o.dies, o.seed = c.fails, c.dies, seed
			o.workers = 1 + int(seed)%6
			if o.dies == 100 {
				o.jobs = 10
			}
			t.Run(fmt.Sprintf("fails%d/dies%d/seed%d", o.fails, o.dies, seed), func(t *testing.T) {
				bubble(t, o, func(t *testing.T, q *queue) {
					end := audits(t, q)
					require.NoError(t, q.run(context.Background()))
					require.Positive(t, end())
					tally, err := q.audit()
					require.NoError(t, err)
					require.Equal(t, o.expect(), q.was(tally))
					require.Equal(t, o.jobs, tally.done+tally.dead)
					require.Zero(t, tally.left())
					require.NoError(t, q.summary(io.Discard, tally, false))
					wantNoWorkers(t, q)
					if o.dies == 0 {
						_, repeated := q.world.count()
						require.Zero(t, repeated)
					}
					sum.died += int(q.died.Load())
					sum.hung += int(q.hung.Load())
					sum.dead += tally.dead
				})
			})
		}
	}
	require.Positive(t, sum.died)
	require.Positive(t, sum.hung)
	require.Positive(t, sum.dead)
}

// wantNoWorkers wants nothing of the workers to be left.
func wantNoWorkers(t *testing.T, q *queue) {
	t.Helper()
	for _, pattern := range []string{"working:*", "lease:*", workersKey} {
		keys, err := q.s.Keys(pattern)
		require.NoError(t, err)
		require.Empty(t, keys)
	}
}

// An interrupt leaves every job that was produced in one place, and none with a worker.
func TestInterrupted(t *testing.T) {
	somewhere := tally{}
	for seed := range uint64(60) {
		o := usual
		o.fails, o.dies, o.seed = 20, int(seed%2)*20, seed
		bubble(t, o, func(t *testing.T, q *queue) {
			after := time.Duration(rand.New(rand.NewPCG(seed, 0)).IntN(300_000)) * time.Microsecond
			ctx, cancel := context.WithTimeout(context.Background(), after)
			defer cancel()
			end := audits(t, q)
			require.NoError(t, q.run(ctx))
			end()
			tally, err := q.audit()
			require.NoError(t, err)
			require.Zero(t, tally.working)
			require.LessOrEqual(t, tally.done+tally.dead+tally.left(), o.jobs)
			require.NoError(t, q.summary(io.Discard, tally, true))
			wantNoWorkers(t, q)
			somewhere.queue += tally.queue
			somewhere.delayed += tally.delayed
			somewhere.done += tally.done
			somewhere.dead += tally.dead
		})
	}
	require.Positive(t, somewhere.queue)
	require.Positive(t, somewhere.delayed)
	require.Positive(t, somewhere.done)

	bubble(t, usual, func(t *testing.T, q *queue) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.NoError(t, q.run(ctx))
		tally, err := q.audit()
		require.NoError(t, err)
		require.Zero(t, tally.counts["produced"])
	})
}

// A worker that was taken for dead gets nothing done any more, and loses nothing.
func TestLate(t *testing.T) {
	bubble(t, usual, func(t *testing.T, q *queue) {
		n, err := q.join()
		require.NoError(t, err)
		w := &worker{q: q, n: n}
		take := func() string {
			id, err := q.s.List(queueKey).LMove(workingKey(n), store.Left, store.Right)
			require.NoError(t, err)
			return id
		}
		require.NoError(t, q.produce(1))
		require.NoError(t, q.produce(2))
		require.Equal(t, "1", take())
		try, err := w.begin("1")
		require.NoError(t, err)
		require.Equal(t, 1, try)

		time.Sleep(q.o.lease) // nobody renews it
		_, left, err := q.reapAll()
		require.NoError(t, err)
		require.Zero(t, left)
		require.Equal(t, errLate, w.done("1"))
		require.Equal(t, errLate, w.failed("1", try))

		require.Equal(t, "1", take(), "taken back to the head of the queue")
		_, err = w.begin("1")
		require.Equal(t, errLate, err)
		tally, err := q.audit()
		require.NoError(t, err)
		require.Equal(t, 2, tally.queue)
		require.Equal(t, map[string]int{"produced": 2, "recovered": 1}, tally.counts)
		require.Equal(t, "1", take())
		_, _, err = q.reapAll()
		require.NoError(t, err)
		require.NoError(t, q.reap(n))
		require.NoError(t, q.reap(n), "nothing is left to reap")
	})
}

// A worker that waits for a job when its lease has run out ends.
func TestLateWhileWaiting(t *testing.T) {
	bubble(t, usual, func(t *testing.T, q *queue) {
		errs := make(chan error)
		go func() { errs <- q.worker(context.Background()) }()
		synctest.Wait()
		_, err := q.s.Del(leaseKey("1"))
		require.NoError(t, err)
		require.Equal(t, errLate, <-errs)
		require.NoError(t, q.reap("1"))
		wantNoWorkers(t, q)
	})
}

// The scheduler and the reaper sleep until there is something to do.
func TestSleeps(t *testing.T) {
	bubble(t, usual, func(t *testing.T, q *queue) {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- q.scheduler(ctx) }()
		delay := func(id string, d time.Duration) {
			require.NoError(t, q.s.Update(func(tx *store.Tx) error { return q.delay(tx, id, d) }))
		}
		queue := func(after time.Duration) []string {
			time.Sleep(after)
			synctest.Wait()
			ids, err := q.s.List(queueKey).Range(0, -1)
			require.NoError(t, err)
			return ids
		}
		require.Empty(t, queue(time.Hour))
		delay("late", 2*time.Hour)
		delay("later", 3*time.Hour)
		delay("early", time.Hour)
		require.Empty(t, queue(time.Hour-time.Millisecond))
		require.Equal(t, []string{"early"}, queue(time.Millisecond))
		require.Equal(t, []string{"early", "late", "later"}, queue(2*time.Hour))
		cancel()
		require.NoError(t, <-done)
		require.EqualValues(t, 6, q.scheduled.Load(), "at first, 2 alarms, 3 jobs")
	})
	bubble(t, usual, func(t *testing.T, q *queue) {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- q.reaper(context.Background()) }()
		go q.workers(ctx, func(err error) { assert.NoError(t, err) })
		time.Sleep(100 * q.o.lease)
		require.Less(t, q.reaperLooks.Load(), int64(160), "leases are renewed when a third has passed")
		require.Empty(t, done)
		cancel()
		synctest.Wait()
		wantNoWorkers(t, q)
		require.NoError(t, q.s.Close())
		require.Equal(t, store.ErrClosed, <-done)
	})
}

// What a worker that died held goes to the head of the queue, oldest first.
func TestReap(t *testing.T) {
	bubble(t, usual, func(t *testing.T, q *queue) {
		for job := 1; job <= 5; job++ {
			require.NoError(t, q.produce(job))
		}
		n, err := q.join()
		require.NoError(t, err)
		for range 3 {
			_, err := q.s.List(queueKey).LMove(workingKey(n), store.Left, store.Right)
			require.NoError(t, err)
		}
		_, err = q.s.Hash(jobKey("2")).Set("tries", "3")
		require.NoError(t, err)
		next, left, err := q.reapAll()
		require.NoError(t, err)
		require.Equal(t, 1, left)
		require.LessOrEqual(t, next, q.o.lease+time.Millisecond)
		time.Sleep(next)
		_, _, err = q.reapAll()
		require.NoError(t, err)
		ids, err := q.s.List(queueKey).Range(0, -1)
		require.NoError(t, err)
		require.Equal(t, []string{"1", "3", "4", "5"}, ids)
		tally, err := q.audit()
		require.NoError(t, err)
		require.Equal(t, 1, tally.dead, "it had its last try")
	})
}

// A job that did not end after all, since its transaction did not, is not the last one.
func TestSettleRolledBack(t *testing.T) {
	o := usual
	o.jobs = 1
	bubble(t, o, func(t *testing.T, q *queue) {
		require.NoError(t, q.produce(1))
		require.Equal(t, io.EOF, q.s.Update(func(tx *store.Tx) error {
			require.NoError(t, q.settle(tx, doneKey, "1"))
			return io.EOF
		}))
		select {
		case <-q.all:
			t.Fatal("nothing is done")
		default:
		}
		tally, err := q.audit()
		require.NoError(t, err)
		require.Zero(t, tally.done)
		require.NoError(t, q.s.Update(func(tx *store.Tx) error { return q.settle(tx, deadKey, "1") }))
		<-q.all
	})
}

// The audit sees what is wrong.
func TestAuditFinds(t *testing.T) {
	bubble(t, usual, func(t *testing.T, q *queue) {
		must := func(_ any, err error) { require.NoError(t, err) }
		wrong := func(want string) {
			_, err := q.audit()
			require.EqualError(t, err, want)
		}
		for job := 1; job <= 3; job++ {
			require.NoError(t, q.produce(job))
		}
		must(q.audit())
		must(q.s.List(queueKey).Rem(1, "2"))
		wrong("3 jobs were produced, and 2 are there")
		must(q.s.List(doneKey).RPush("2"))
		wrong("0 done and 0 dead were counted, and 1 and 0 are there")
		must(q.s.Hash(countsKey).IncrBy("done", 1))
		must(q.s.Hash(jobKey("2")).Set("state", "dead"))
		wrong(`job 2 is in done, and its state is "dead"`)
		must(q.s.Hash(jobKey("2")).Set("state", "done"))
		wrong("job 2 is done without its side effect")
		q.world.effect("2")
		must(q.audit())
		must(q.s.List(deadKey).RPush("2"))
		wrong("job 2 is in done and in dead")
		must(q.s.Del(deadKey))
		must(q.join())
		must(q.s.List(workingKey("1")).RPush("3"))
		wrong("job 3 is in queue and in working:1")
		must(q.s.List(queueKey).Rem(1, "3"))
		tally, err := q.audit()
		require.NoError(t, err)
		require.EqualError(t, q.summary(io.Discard, tally, true), "still with workers: 1 job")
		must(q.s.Del(workingKey("1")))
		must(q.s.List(queueKey).RPush("3"))
		tally, err = q.audit()
		require.NoError(t, err)
		require.EqualError(t, q.summary(io.Discard, tally, false), "of 30 jobs, done: 1, dead: 0")
		must(q.s.Del(jobKey("1")))
		wrong("job 1 has no payload")
	})
}

// What the store says comes out of run, whoever hears it, and everybody stops.
func TestRunFails(t *testing.T) {
	for _, key := range []string{
		queueKey, delayedKey, doneKey, deadKey, workersKey, alarmKey, countsKey, jobKey("7"), workingKey("2"),
	} {
		t.Run(key, func(t *testing.T) {
			o := usual
			o.fails, o.dies = 30, 30
			bubble(t, o, func(t *testing.T, q *queue) {
				if _, err := q.s.Set(key).Add("of another type"); key == workersKey {
					_, err = q.s.Del(key)
					require.NoError(t, err)
					require.NoError(t, q.s.String(key).Set("of another type"))
				} else {
					require.NoError(t, err)
				}
				require.ErrorIs(t, q.run(context.Background()), store.ErrWrongType)
			})
		})
	}
	bubble(t, usual, func(t *testing.T, q *queue) {
		time.AfterFunc(20*time.Millisecond, func() { _ = q.s.Close() })
		require.Equal(t, store.ErrClosed, q.run(context.Background()))
	})
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, progress bytes.Buffer
		args := strings.Fields("-producers 2 -workers 3 -jobs 50 -fails 20 -dies 20 -seed 3")
		require.NoError(t, run(context.Background(), args, &out, io.Discard, &progress))
		for _, want := range []string{
			`(?m)^2 producers and 3 workers at a time, for \S+$`,
			`(?m)^50 jobs produced: \d+ done, \d+ dead after try 4, 0 left$`,
			`(?m)^failed tries: \d+, followed by another: \d+$`,
			`(?m)^\d+ workers? died and \d+ hung; recovered from them: \d+ jobs?$`,
			`(?m)^\d+ side effects, [1-9]\d* repeated: at least once, not exactly once$`,
			`(?m)^checked: each job is in one place; produced = done \+ dead \+ left; no worker holds one$`,
		} {
			require.Regexp(t, want, out.String())
		}
		require.NotContains(t, out.String(), "interrupted")
		require.Regexp(t, `^\r0 of 50 jobs\r.*\r50 of 50 jobs\n$`, progress.String())
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		var out bytes.Buffer
		require.NoError(t, run(ctx, []string{"-producers", "20", "-jobs", "1000"}, &out, io.Discard, io.Discard))
		require.Regexp(t, `^interrupted\n`, out.String())
		require.Regexp(t, `(?m)^left: [1-9]\d* in the queue, \d+ delayed, 0 with workers$`, out.String())
	})
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		require.NoError(t, run(context.Background(), []string{"-jobs", "0"}, &out, io.Discard, io.Discard))
		require.Contains(t, out.String(), "\n0 jobs produced: 0 done, 0 dead")
	})
}

func TestMistakes(t *testing.T) {
	ctx := context.Background()
	for want, args := range map[string]string{
		"0 producers":               "-producers 0",
		"-1 workers":                "-workers -1",
		"-1 jobs":                   "-jobs -1",
		"needs a try, not 0":        "-tries 0",
		"fail in 101 of 100":        "-fails 101",
		"die in -1 of 100":          "-dies -1",
		"9ms is shorter than 10ms":  "-lease 9ms",
		`"more" is not a flag`:      "-workers 2 more",
		"invalid value":             "-jobs x",
		"provided but not defined:": "-what",
	} {
		var out bytes.Buffer
		require.ErrorContains(t, run(ctx, strings.Fields(args), &out, io.Discard, io.Discard), want)
		require.Empty(t, out.String())
	}
	var usage bytes.Buffer
	require.NoError(t, run(ctx, []string{"-h"}, io.Discard, &usage, io.Discard))
	require.Contains(t, usage.String(), "-lease")
}
