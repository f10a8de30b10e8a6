package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// crossing is what somebody may write who thinks of one server: steps with keys of several
// slots. Its first two are the service with a tag that is none.
var crossing = map[string]func(ctx context.Context, rdb redis.UniversalClient) error{
	"count": func(ctx context.Context, rdb redis.UniversalClient) error {
		v := visits{rdb: rdb, tag: "visits"}
		if err := errors.Join(v.init(ctx), v.add(ctx, "a")); err != nil {
			return fmt.Errorf("too early: %w", err)
		}
		_, err := v.count(ctx, "one", time.Millisecond)
		return err
	},
	"top": func(ctx context.Context, rdb redis.UniversalClient) error {
		_, err := visits{rdb: rdb, tag: "visits"}.top(ctx, 3, 7)
		return err
	},
	"a transaction": func(ctx context.Context, rdb redis.UniversalClient) error {
		_, err := rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Incr(ctx, "a")
			p.Incr(ctx, "b")
			return nil
		})
		return err
	},
	"ZUNIONSTORE": func(ctx context.Context, rdb redis.UniversalClient) error {
		return rdb.ZUnionStore(ctx, "week", &redis.ZStore{Keys: []string{"monday", "tuesday"}}).Err()
	},
	"COPY": func(ctx context.Context, rdb redis.UniversalClient) error {
		return rdb.Copy(ctx, "a", "b", 0, false).Err()
	},
	"MSET": func(ctx context.Context, rdb redis.UniversalClient) error {
		return rdb.MSet(ctx, "a", 1, "b", 2).Err()
	},
	"a tag that is not closed": func(ctx context.Context, rdb redis.UniversalClient) error {
		return rdb.SUnionStore(ctx, "{a}", "{a").Err()
	},
}

// The fake with the rules of a cluster fails where a cluster does, with the same words. Of a
// transaction in which a server has refused a command it says just that; a client for clusters
// sees what is wrong before it sends it.
func TestCrossing(t *testing.T) {
	for name, step := range crossing {
		t.Run(name, func(t *testing.T) {
			for _, s := range sides {
				s.run(t, func(t *testing.T, rdb redis.UniversalClient) {
					err := step(context.Background(), rdb)
					_, forClusters := rdb.(*redis.ClusterClient)
					switch {
					case !s.cluster:
						require.NoError(t, err)
					case name == "top" && !forClusters:
						require.EqualError(t, err, "EXECABORT Transaction discarded because of previous errors.")
					default:
						require.EqualError(t, err, "CROSSSLOT Keys in request don't hash to the same slot")
					}
				})
			}
		})
	}
}
