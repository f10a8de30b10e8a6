// Leaderboard keeps the points of a game's players, a board for each day and one for the
// week, while many goroutines play.
//
//	go run ./examples/leaderboard
//	go run ./examples/leaderboard -players 1000 -games 100000 -workers 16
//	go run ./examples/leaderboard -about Kim -page 2
//
// It shows
//
//   - ZSet.IncrBy from many goroutines: no point is lost, whoever comes between;
//   - ZSet.RangeWithScores by rank, for the top of a board and for any page of it;
//   - ZSet.RevRank and ZSet.Count in one View: the place of a player among its neighbours,
//     where equal points are an equal place;
//   - ZSet.UnionStore, which adds the days up to a week, and the same with AggregateCount,
//     which counts on how many days somebody has played;
//   - Store.Update, so that a cheater is gone from all boards at once and gets no more
//     points, however fast it goes on to play.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/alcovedb/alcove/examples/internal/console"
	"github.com/alcovedb/alcove/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted") // whatever that has done to the work
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "leaderboard:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	players, games, workers, page int
	about                         string
	seed                          uint64
}

// parse returns what the arguments say.
func parse(args []string, usage io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("leaderboard", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.IntVar(&o.players, "players", 20, "how many play, beside the cheater")
	flags.IntVar(&o.games, "games", 200, "how many games they play each day")
	flags.IntVar(&o.workers, "workers", 8, "how many goroutines they play in")
	flags.IntVar(&o.page, "page", 2, "the page of the week's board to show")
	flags.StringVar(&o.about, "about", "Kim", "the player whose place to show")
	flags.Uint64Var(&o.seed, "seed", 2, "seed of the games")
	switch err := flags.Parse(args); {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is not a flag", flags.Arg(0))
	case o.players < 1 || o.workers < 1:
		return o, fmt.Errorf("%d players in %d goroutines can't play", o.players, o.workers)
	case o.games < 0:
		return o, fmt.Errorf("%d games can't be played", o.games)
	case o.page < 1:
		return o, fmt.Errorf("there is no page %d", o.page)
	}
	return o, nil
}

// run is main without the process around it.
func run(ctx context.Context, args []string, out, usage io.Writer) error {
	o, err := parse(args, usage)
	if err != nil {
		if err == flag.ErrHelp {
			return nil
		}
		return err
	}
	s := store.New()
	defer s.Close()
	g := &game{s: s}
	p := &printer{out: out}
	p.line("%s, %s a day in %s", console.Count(o.players, "player"), console.Count(o.games, "game"), console.Count(o.workers, "goroutine"))
	for day := range days {
		if err := g.play(ctx, day, o); err != nil {
			return err
		}
	}
	p.board("the top of monday", g.board(dayKey(0)), 1, 5)
	if err := g.addUp(); err != nil {
		return err
	}
	p.board("the top of the week", g.board(weekKey), 1, 3)
	if err := g.ban(cheater); err != nil {
		return err
	}
	p.board("and without "+cheater, g.board(weekKey), 1, 3)
	p.board(fmt.Sprintf("page %d of the week", o.page), g.board(weekKey), o.page, 5)
	p.around(o.about, g.board(weekKey), 2)
	p.active(g)
	return p.err
}
