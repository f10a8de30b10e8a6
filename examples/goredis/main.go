// Goredis is a small service written for Redis, with go-redis: a shortener of links, with
// sessions, a limit, a queue and a board. It runs without a Redis, on one, and on a cluster.
//
//	go run ./examples/goredis
//	go run ./examples/goredis -redis 127.0.0.1:6379
//	go run ./examples/goredis -redis 127.0.0.1:7000,127.0.0.1:7001 # nodes of a cluster
//	go run ./examples/goredis -move 127.0.0.1:7000,127.0.0.1:7001  # grows out half-way
//
// A server is a Redis from 7.0 on or a Valkey. It must be empty, and what it gets it keeps.
//
// It shows
//
//   - that one line differs, embedded or remote in this file: the service (shortener.go,
//     visits.go) sees a redis.UniversalClient;
//   - hash tags: keys that one step needs together are in one slot of a cluster;
//   - move.go: how the values of a store get into a Redis or a cluster, by DUMP and RESTORE;
//   - in the tests, store/redistest in bubbles of testing/synctest, where days take no time;
//     with the rules of a cluster, too, so that a tag that was forgotten fails there. The same
//     tests run on a redis-server and on a cluster of three, if there is one on the PATH.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/resp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted") // whatever that has done to the work
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "goredis:", err)
		os.Exit(1)
	}
}

// embedded returns a client of a store in this process.
func embedded(srv *resp.Server) redis.UniversalClient {
	return redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{"127.0.0.1:6379"}, Dialer: srv.Dial})
}

// remote returns a client of the server at an address, or of the cluster whose nodes several are.
func remote(addrs []string) redis.UniversalClient {
	return redis.NewUniversalClient(&redis.UniversalOptions{Addrs: addrs})
}

// options are the flags.
type options struct {
	redis, move addresses
	visits      int64
}

// addresses is a flag: of one server, or, with commas between them, of several.
type addresses []string

func (a *addresses) String() string { return strings.Join(*a, ",") }

func (a *addresses) Set(text string) error {
	*a = strings.Split(text, ",")
	if slices.Contains(*a, "") { // for which go-redis takes 127.0.0.1:6379
		return errors.New("there is an address without a word")
	}
	return nil
}

// parse returns what the arguments say.
func parse(args []string, usage io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("goredis", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.Var(&o.redis, "redis", "run on the server at this `address`, or with several on their cluster")
	flags.Var(&o.move, "move", "begin in memory, then move to the server at this `address`, or the cluster")
	flags.Int64Var(&o.visits, "visits", 200, "how often links are followed, twice")
	switch err := flags.Parse(args); {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is not a flag", flags.Arg(0))
	case o.redis != nil && o.move != nil:
		return o, errors.New("what runs on a server from the start can't move to one")
	case o.visits < 0:
		return o, fmt.Errorf("there can't be %d visits", o.visits)
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
	srv := resp.NewServer(s)
	defer srv.Close()
	var rdb redis.UniversalClient
	if o.redis == nil {
		rdb = embedded(srv)
	} else {
		rdb = remote(o.redis)
	}
	defer rdb.Close()
	d := &demo{visits: o.visits, out: out}
	if err := d.morning(ctx, rdb); err != nil {
		return err
	}
	if o.move != nil {
		rdb = remote(o.move)
		defer rdb.Close()
		if err := growOut(ctx, s, rdb, out); err != nil {
			return err
		}
	}
	return d.afternoon(ctx, rdb)
}

// growOut moves what a store holds. It wants an empty database, as the store is a new one with
// each run of the program; move alone can be done again.
func growOut(ctx context.Context, s *store.Store, to redis.UniversalClient, out io.Writer) error {
	if err := ready(ctx, to); err != nil {
		return err
	}
	sn := s.Snapshot()
	defer sn.Close()
	n, err := move(ctx, sn, to)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\n%d keys moved\n", n)
	return err
}

// ready returns an error if rdb is not an empty server, or not all of an empty cluster.
func ready(ctx context.Context, rdb redis.UniversalClient) error {
	info, err := rdb.Info(ctx, "cluster").Result()
	_, several := rdb.(*redis.ClusterClient)
	switch {
	case err != nil && several && strings.Contains(err.Error(), "cluster support disabled"):
		return fmt.Errorf("several addresses are those of a cluster, which this is none: %w", err)
	case err != nil:
		return err
	case !several && strings.Contains(info, "cluster_enabled:1"):
		return errors.New("this is one node of a cluster: name two, with a comma between them")
	}
	n, err := rdb.DBSize(ctx).Result()
	if err == nil && n > 0 {
		err = fmt.Errorf("there are %d keys already, and this is for an empty database", n)
	}
	return err
}
