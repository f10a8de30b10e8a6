package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/alcovedb/alcove/store"
)

const (
	moveBatch = 100 // keys of a round trip

	noDeadline = -1 // what PEXPIRETIME says instead of one
	missing    = -2
)

var (
	errDiffers  = errors.New("not the same there")
	errOccupied = errors.New("there is another value, or another deadline, under this key already")
)

// move copies all keys to another Redis or a cluster, with their deadlines, and returns how
// many it has read back and found the same: all, unless there is an error; of the batch that
// has failed more may be there. What is written after the snapshot stays behind: stop writing
// before.
//
// Nothing is replaced. A key that is there with the same value and deadline is fine, so that a
// move that failed can be done again.
//
// A payload says all of a value but when the consumers of a stream were last active. What Redis
// 7.0 had no place for is an error here: fields of hashes with deadlines, which a Redis from 7.4 on
// takes, and streams with settings of XCFGSET or with entries that XNACK has given back.
func move(ctx context.Context, from *store.Snapshot, to redis.UniversalClient) (n int, err error) {
	for i := 1; i < store.Databases; i++ {
		size, err := from.DB(i).DBSize()
		if err != nil {
			return 0, err
		}
		if size > 0 {
			return 0, fmt.Errorf("database %d is not empty, and a cluster has only database 0", i)
		}
	}
	all, err := from.DB(0).All()
	if err != nil {
		return 0, err
	}
	for keys := range slices.Chunk(slices.Collect(all), moveBatch) {
		there, err := send(ctx, from.DB(0), to, keys)
		if err != nil {
			return n, err
		}
		if err := verify(ctx, from.DB(0), to, keys, there); err != nil {
			return n, err
		}
		n += len(keys)
	}
	return n, nil
}

// send copies keys, and returns those that were there already.
func send(ctx context.Context, from store.DB, to redis.UniversalClient, keys []string) (there map[string]bool, err error) {
	cmds, err := to.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range keys {
			payload, err := from.Dump(key)
			if err != nil {
				return fmt.Errorf("%q: %w", key, err)
			}
			at, err := deadline(from, key)
			if err != nil {
				return fmt.Errorf("%q: %w", key, err)
			}
			p.Do(ctx, "RESTORE", key, max(at, 0), payload, "ABSTTL")
		}
		return nil
	})
	if len(cmds) == 0 {
		return nil, err
	}
	there = make(map[string]bool)
	for i, cmd := range cmds {
		var reply redis.Error
		switch err := cmd.Err(); {
		case err == nil:
		case !errors.As(err, &reply): // it is not the key's fault
			return nil, err
		case redis.HasErrorPrefix(err, "BUSYKEY"):
			there[keys[i]] = true
		case strings.Contains(err.Error(), "payload version"): // as fields of hashes with deadlines have one
			return nil, fmt.Errorf("%q: %w: it needs a newer server", keys[i], err)
		default:
			return nil, fmt.Errorf("%q: %w", keys[i], err)
		}
	}
	return there, nil
}

// verify returns an error if one of the keys is not the same at to. The same value may have
// several payloads, so it reads them.
func verify(ctx context.Context, from store.DB, to redis.UniversalClient, keys []string, occupied map[string]bool) error {
	payloads := make([]*redis.StringCmd, len(keys))
	deadlines := make([]*redis.Cmd, len(keys))
	_, err := to.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			payloads[i] = p.Dump(ctx, key)
			deadlines[i] = p.Do(ctx, "PEXPIRETIME", key)
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	now, err := to.Time(ctx).Result()
	if err != nil {
		return err
	}
	there := store.New()
	defer there.Close()
	for i, key := range keys {
		want, err := deadline(from, key)
		if err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
		at, _ := deadlines[i].Int64()
		if at == missing && want != noDeadline && want <= now.UnixMilli() {
			continue // it has expired on the way
		}
		payload, err := payloads[i].Bytes()
		if err == nil {
			err = there.Restore(key, payload)
		}
		if errors.Is(err, redis.Nil) || err == nil && (at != want || !same(from, there.DB(0), key)) {
			if err = errDiffers; occupied[key] {
				err = errOccupied
			}
		}
		if err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
	}
	return nil
}

// same reports whether a key has the same value in two databases.
func same(a, b store.DB, key string) bool {
	x, err1 := a.Fingerprint(key)
	y, err2 := b.Fingerprint(key)
	return err1 == nil && err2 == nil && x == y
}

// deadline is PEXPIRETIME, in milliseconds.
func deadline(db store.DB, key string) (int64, error) {
	at, err := db.ExpireTime(key)
	if err != nil || at.IsZero() {
		return noDeadline, err
	}
	return at.UnixMilli(), nil
}
